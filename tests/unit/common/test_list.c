#include "common/list.h"
#include "tests/unit/unit.h"

struct item {
    int number;
    struct list link;
};

static struct list head;
static struct item items[4];

static void make_items(void)
{
    list_init(&head);
    for (int i = 0; i < 4; i++) {
        items[i].number = i;
        list_init(&items[i].link);
    }
}

/* The numbers in order, as the digits of a decimal number after a leading 9. */
static int order(void)
{
    int digits = 9;
    LIST_EACH(link, next, &head)
    {
        digits = digits * 10 + LIST_ITEM(link, struct item, link)->number;
    }
    return digits;
}

START_TEST(keeps_the_order)
{
    make_items();
    ck_assert(list_empty(&head));
    ck_assert_int_eq(order(), 9);
    list_append(&head, &items[1].link);
    list_append(&head, &items[2].link);
    list_prepend(&head, &items[0].link);
    ck_assert(!list_empty(&head));
    ck_assert_int_eq(order(), 9012);
}
END_TEST

START_TEST(removes_twice_without_harm)
{
    make_items();
    list_append(&head, &items[0].link);
    list_append(&head, &items[1].link);
    list_remove(&items[0].link);
    list_remove(&items[0].link);
    list_remove(&items[3].link);
    ck_assert(list_empty(&items[0].link));
    ck_assert_int_eq(order(), 91);
}
END_TEST

START_TEST(removes_while_walking)
{
    make_items();
    for (int i = 0; i < 4; i++) {
        list_append(&head, &items[i].link);
    }
    LIST_EACH(link, next, &head)
    {
        if (LIST_ITEM(link, struct item, link)->number % 2 == 0) {
            list_remove(link);
        }
    }
    ck_assert_int_eq(order(), 913);
}
END_TEST

UNIT_SUITE(list)
{
    UNIT_TEST(keeps_the_order);
    UNIT_TEST(removes_twice_without_harm);
    UNIT_TEST(removes_while_walking);
}
