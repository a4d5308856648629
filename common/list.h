/*
 * list.h - a doubly linked list whose links live inside the elements.
 *
 * A head is a `struct list` initialised with list_init; an element embeds one. An element
 * that is in no list must have been initialised with list_init too, so that list_remove
 * on it is harmless and list_empty tells whether it is linked.
 */
#ifndef COMMON_LIST_H
#define COMMON_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *prev;
    struct list *next;
};

#define LIST_ITEM(link, type, member)                                                    \
    ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void list_init(struct list *list)
{
    list->prev = list->next = list;
}

static inline bool list_empty(const struct list *list)
{
    return list->next == list;
}

/* Inserts at the tail: before the head. */
static inline void list_append(struct list *head, struct list *link)
{
    link->prev = head->prev;
    link->next = head;
    head->prev->next = link;
    head->prev = link;
}

static inline void list_prepend(struct list *head, struct list *link)
{
    list_append(head->next, link);
}

/* Unlinks and initialises: removing twice is harmless. */
static inline void list_remove(struct list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

/* `link` may be removed inside the loop: `next` is a second struct list *. */
#define LIST_EACH(link, next_link, head)                                                 \
    for (struct list *link = (head)->next, *next_link = link->next; link != (head);      \
         link = next_link, next_link = link->next)

#endif
