#include "config/prefixes.h"

/*
 * A node stands for the text of all edges from the root to it. Its children lie side by
 * side, and so do the first bytes of their edges: a step down reads those, the child, and
 * an edge only where that has more than one byte.
 */
struct prefix_node {
    const char *edge; /* from the parent; never empty but at the root */
    uint32_t edge_len;
    uint16_t count; /* of children */
    uint16_t capacity;
    unsigned char *firsts;
    struct prefix_node *children;
    void *exact;
    void *prefix;
};

void prefixes_init(struct prefixes *prefixes, struct arena *arena)
{
    prefixes->arena = arena;
    prefixes->root = arena_zero(arena, sizeof(*prefixes->root));
}

/* The child whose edge begins with `c`, or NULL. */
static struct prefix_node *find_child(const struct prefix_node *node, char c)
{
    const unsigned char *first =
        node->count == 0 ? NULL : memchr(node->firsts, (unsigned char)c, node->count);
    return first == NULL ? NULL : &node->children[first - node->firsts];
}

static void grow(struct arena *arena, struct prefix_node *node)
{
    size_t capacity = node->capacity > 0 ? 2U * node->capacity : 2;
    unsigned char *firsts = arena_alloc(arena, capacity);
    struct prefix_node *children = arena_alloc(arena, capacity * sizeof(*children));
    if (node->count > 0) {
        memcpy(firsts, node->firsts, node->count);
        memcpy(children, node->children, node->count * sizeof(*children));
    }
    node->firsts = firsts;
    node->children = children;
    node->capacity = (uint16_t)capacity;
}

static struct prefix_node *add_child(struct arena *arena, struct prefix_node *parent,
                                     struct prefix_node child)
{
    if (parent->count == parent->capacity) {
        grow(arena, parent);
    }
    parent->firsts[parent->count] = (unsigned char)child.edge[0];
    parent->children[parent->count] = child;
    return &parent->children[parent->count++];
}

static size_t common_length(struct slice a, struct slice b)
{
    size_t len = 0;
    while (len < a.len && len < b.len && a.ptr[len] == b.ptr[len]) {
        len++;
    }
    return len;
}

/* Puts a node in the middle of the edge that leads to this one, in its place. */
static void split(struct arena *arena, struct prefix_node *node, uint32_t len)
{
    struct prefix_node lower = *node;
    lower.edge += len;
    lower.edge_len -= len;
    *node = (struct prefix_node){.edge = node->edge, .edge_len = len};
    add_child(arena, node, lower);
}

/* The node of a pattern, made where there is none. */
static struct prefix_node *node_of(struct prefixes *prefixes, struct slice pattern)
{
    struct prefix_node *node = prefixes->root;
    while (pattern.len > 0) {
        struct prefix_node *child = find_child(node, pattern.ptr[0]);
        if (child == NULL) {
            return add_child(prefixes->arena, node,
                             (struct prefix_node){.edge = pattern.ptr,
                                                  .edge_len = (uint32_t)pattern.len});
        }
        size_t len = common_length(slice_of(child->edge, child->edge_len), pattern);
        if (len < child->edge_len) {
            split(prefixes->arena, child, (uint32_t)len);
        }
        node = child;
        pattern = slice_from(pattern, len);
    }
    return node;
}

static void *claim(void **place, void *value)
{
    if (*place != NULL) {
        return *place;
    }
    *place = value;
    return NULL;
}

void *prefixes_add_exact(struct prefixes *prefixes, struct slice pattern, void *value)
{
    return claim(&node_of(prefixes, pattern)->exact, value);
}

void *prefixes_add_prefix(struct prefixes *prefixes, struct slice pattern, void *value)
{
    return claim(&node_of(prefixes, pattern)->prefix, value);
}

/* Its first byte is known to be the path's. */
static bool starts_with_edge(struct slice path, const struct prefix_node *node)
{
    size_t len = node->edge_len;
    return path.len >= len &&
           (len == 1 || memcmp(path.ptr + 1, node->edge + 1, len - 1) == 0);
}

void *prefixes_find(const struct prefixes *prefixes, struct slice path)
{
    const struct prefix_node *node = prefixes->root;
    void *longest = node->prefix;
    while (path.len > 0) {
        const struct prefix_node *child = find_child(node, path.ptr[0]);
        if (child == NULL || !starts_with_edge(path, child)) {
            return longest;
        }
        node = child;
        path = slice_from(path, node->edge_len);
        longest = node->prefix != NULL ? node->prefix : longest;
    }
    return node->exact != NULL ? node->exact : longest;
}
