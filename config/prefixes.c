#include "config/prefixes.h"

/* Children by the first byte of their edge, sorted. */
struct branch {
    unsigned char first;
    struct prefix_node *node;
};

/* A node stands for the text of all edges from the root to it. */
struct prefix_node {
    struct slice edge; /* from the parent; never empty but at the root */
    void *exact;
    void *prefix;
    struct branch *branches;
    unsigned count;
    unsigned capacity;
};

void prefixes_init(struct prefixes *prefixes, struct arena *arena)
{
    prefixes->arena = arena;
    prefixes->root = arena_zero(arena, sizeof(*prefixes->root));
}

/* Where the branch of `first` is, or would be: at most eight steps. */
static unsigned search(const struct prefix_node *node, unsigned char first)
{
    unsigned low = 0;
    unsigned high = node->count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (node->branches[middle].first < first) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct branch *find_branch(const struct prefix_node *node, char c)
{
    unsigned char first = (unsigned char)c;
    unsigned index = search(node, first);
    bool found = index < node->count && node->branches[index].first == first;
    return found ? &node->branches[index] : NULL;
}

static void grow_branches(struct arena *arena, struct prefix_node *node)
{
    unsigned capacity = node->capacity > 0 ? 2 * node->capacity : 2;
    struct branch *branches = arena_alloc(arena, capacity * sizeof(*branches));
    if (node->count > 0) {
        memcpy(branches, node->branches, node->count * sizeof(*branches));
    }
    node->branches = branches;
    node->capacity = capacity;
}

static struct prefix_node *add_child(struct arena *arena, struct prefix_node *parent,
                                     struct slice edge)
{
    if (parent->count == parent->capacity) {
        grow_branches(arena, parent);
    }
    struct prefix_node *child = arena_zero(arena, sizeof(*child));
    child->edge = edge;
    unsigned char first = (unsigned char)edge.ptr[0];
    unsigned index = search(parent, first);
    struct branch *place = &parent->branches[index];
    memmove(place + 1, place, (parent->count - index) * sizeof(*place));
    *place = (struct branch){first, child};
    parent->count++;
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

/* Puts a node in the middle of the edge that leads to a branch's node. */
static struct prefix_node *split(struct arena *arena, struct branch *branch, size_t len)
{
    struct prefix_node *lower = branch->node;
    struct prefix_node *upper = arena_zero(arena, sizeof(*upper));
    upper->edge = slice_of(lower->edge.ptr, len);
    lower->edge = slice_from(lower->edge, len);
    grow_branches(arena, upper);
    upper->branches[0] = (struct branch){(unsigned char)lower->edge.ptr[0], lower};
    upper->count = 1;
    branch->node = upper;
    return upper;
}

/* The node of a pattern, made where there is none. */
static struct prefix_node *node_of(struct prefixes *prefixes, struct slice pattern)
{
    struct prefix_node *node = prefixes->root;
    while (pattern.len > 0) {
        struct branch *branch = find_branch(node, pattern.ptr[0]);
        if (branch == NULL) {
            return add_child(prefixes->arena, node, pattern);
        }
        size_t len = common_length(branch->node->edge, pattern);
        node = len < branch->node->edge.len ? split(prefixes->arena, branch, len)
                                            : branch->node;
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

void *prefixes_find(const struct prefixes *prefixes, struct slice path)
{
    const struct prefix_node *node = prefixes->root;
    void *longest = node->prefix;
    while (path.len > 0) {
        const struct branch *branch = find_branch(node, path.ptr[0]);
        if (branch == NULL || !slice_starts(path, branch->node->edge)) {
            return longest;
        }
        node = branch->node;
        path = slice_from(path, node->edge.len);
        longest = node->prefix != NULL ? node->prefix : longest;
    }
    return node->exact != NULL ? node->exact : longest;
}
