#include "config/prefixes.h"

/*
 * A node stands for the text of all edges from the root to it. Its children lie side by
 * side, and so do the first bytes of their edges: a step down reads those and the child,
 * and seldom more, because the child has its edge with it when that is short.
 */
struct prefix_node {
    union {
        const char *text;
        char bytes[sizeof(const char *)]; /* when it fits */
    } edge; /* from the parent; never empty but at the root */
    uint32_t edge_len;
    uint16_t count; /* of children */
    uint16_t capacity;
    struct prefix_node *children; /* room for that many, then for their firsts */
    void *exact;
    void *prefix;
};

static const struct prefix_node leaf; /* of no pattern yet */

void prefixes_init(struct prefixes *prefixes, struct arena *arena)
{
    prefixes->arena = arena;
    prefixes->root = arena_zero(arena, sizeof(*prefixes->root));
}

static struct slice edge_of(const struct prefix_node *node)
{
    bool is_short = node->edge_len <= sizeof(node->edge.bytes);
    return slice_of(is_short ? node->edge.bytes : node->edge.text, node->edge_len);
}

static void set_edge(struct prefix_node *node, struct slice edge)
{
    node->edge_len = (uint32_t)edge.len;
    if (edge.len <= sizeof(node->edge.bytes)) {
        memcpy(node->edge.bytes, edge.ptr, edge.len);
    } else {
        node->edge.text = edge.ptr;
    }
}

static char *firsts_of(const struct prefix_node *node)
{
    return (char *)(node->children + node->capacity);
}

/* The child whose edge begins with `c`, or NULL. */
static struct prefix_node *find_child(const struct prefix_node *node, char c)
{
    const char *first = node->count == 0 ? NULL : memchr(firsts_of(node), c, node->count);
    return first == NULL ? NULL : &node->children[first - firsts_of(node)];
}

static void grow(struct arena *arena, struct prefix_node *node)
{
    uint16_t capacity = node->capacity > 0 ? (uint16_t)(2 * node->capacity) : 2;
    struct prefix_node *children = arena_alloc(arena, capacity * (sizeof(*node) + 1));
    if (node->count > 0) {
        memcpy(children, node->children, node->count * sizeof(*node));
        memcpy(children + capacity, firsts_of(node), node->count);
    }
    node->children = children;
    node->capacity = capacity;
}

/* A child that is like the given one, but for the edge. */
static struct prefix_node *add_child(struct arena *arena, struct prefix_node *parent,
                                     struct slice edge, const struct prefix_node *like)
{
    if (parent->count == parent->capacity) {
        grow(arena, parent);
    }
    struct prefix_node *child = &parent->children[parent->count];
    firsts_of(parent)[parent->count++] = edge.ptr[0];
    *child = *like;
    set_edge(child, edge);
    return child;
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
    struct prefix_node *upper = arena_zero(arena, sizeof(*upper));
    struct slice edge = edge_of(node);
    set_edge(upper, slice_of(edge.ptr, len));
    add_child(arena, upper, slice_from(edge, len), node);
    *node = *upper;
}

/* The node of a pattern, made where there is none. */
static struct prefix_node *node_of(struct prefixes *prefixes, struct slice pattern)
{
    struct prefix_node *node = prefixes->root;
    while (pattern.len > 0) {
        struct prefix_node *child = find_child(node, pattern.ptr[0]);
        if (child == NULL) {
            return add_child(prefixes->arena, node, pattern, &leaf);
        }
        size_t len = common_length(edge_of(child), pattern);
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
    return node->edge_len == 1 || slice_starts(path, edge_of(node));
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
