/* Copyright (c) 2026 the ovs-slb authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at:
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License. */

/* Copyright (c) 2026 the ovs-slb authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at:
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License. */

#include <config.h>

#include "controller/manager/nat-ports.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "svec.h"
#include "tests/unit/unit.h"
#include "util.h"

/* Updates 'np' for members 'members', separated by spaces, and checks that it
 * has then 'expected', e.g. "50000:vm1 50001:vm2", that it says rightly
 * whether it changed and that it does not change again.  Returns what
 * nat_ports_problem() says, which the caller has to free. */
static char *
update(struct nat_ports *np, uint16_t first, uint16_t last,
       const char *members, const char *expected)
{
    struct ds before = DS_EMPTY_INITIALIZER, after = DS_EMPTY_INITIALIZER;
    struct svec names = SVEC_EMPTY_INITIALIZER;
    const char *const *m;

    for (size_t i = 0; i < np->n; i++) {
        ds_put_format(&before, "%s%d:%s", i ? " " : "", (int) np->ports[i],
                      np->members[i]);
    }
    svec_parse_words(&names, members);
    m = (const char *const *) names.names;
    bool changed = nat_ports_update(np, first, last, m, names.n);
    for (size_t i = 0; i < np->n; i++) {
        ds_put_format(&after, "%s%d:%s", i ? " " : "", (int) np->ports[i],
                      np->members[i]);
    }
    CU_ASSERT_STRING_EQUAL(ds_cstr(&after), expected);
    CU_ASSERT_EQUAL(changed, strcmp(ds_cstr(&before), ds_cstr(&after)) != 0);
    CU_ASSERT_FALSE(nat_ports_update(np, first, last, m, names.n));

    char *problem = nat_ports_problem(np, first, last, m, names.n);
    svec_destroy(&names);
    ds_destroy(&before);
    ds_destroy(&after);
    return problem;
}

static void
check(struct nat_ports *np, uint16_t first, uint16_t last,
      const char *members, const char *expected)
{
    CU_ASSERT_PTR_NULL(update(np, first, last, members, expected));
}

static void
check_problem(struct nat_ports *np, uint16_t first, uint16_t last,
              const char *members, const char *expected, const char *problem)
{
    char *s = update(np, first, last, members, expected);

    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_STRING_EQUAL(s, problem);
    free(s);
}

static void
test_nat_ports_are_given_by_name(void)
{
    struct nat_ports np;

    nat_ports_init(&np);
    check(&np, 50000, 50099, "", "");
    check(&np, 50000, 50099, "vm3 vm1 vm2",
          "50000:vm1 50001:vm2 50002:vm3");
    nat_ports_destroy(&np);

    /* Numbers count as numbers. */
    nat_ports_init(&np);
    check(&np, 1, 9, "vm10 vm2 vm1 a-2-x a-10-a 10.0.1.10 10.0.1.9",
          "1:10.0.1.9 2:10.0.1.10 3:a-2-x 4:a-10-a 5:vm1 6:vm2 7:vm10");
    nat_ports_destroy(&np);

    nat_ports_init(&np);
    check(&np, 1, 10, "v01 v1 v001 v v0 v2 v1a v01b fd00::10 fd00::9",
          "1:fd00::9 2:fd00::10 3:v 4:v0 5:v001 6:v01 7:v1 8:v1a "
          "9:v01b 10:v2");
    nat_ports_destroy(&np);
}

static void
test_nat_ports_are_kept(void)
{
    struct nat_ports np;

    nat_ports_init(&np);
    check(&np, 50000, 50099, "vm2 vm4", "50000:vm2 50001:vm4");
    check(&np, 50000, 50099, "vm1 vm2 vm3 vm4 vm5",
          "50000:vm2 50001:vm4 50002:vm1 50003:vm3 50004:vm5");

    /* What is free is given out from below. */
    check(&np, 50000, 50099, "vm1 vm3 vm5", "50002:vm1 50003:vm3 50004:vm5");
    check(&np, 50000, 50099, "vm1 vm3 vm5 vm6",
          "50000:vm6 50002:vm1 50003:vm3 50004:vm5");
    check(&np, 50000, 50099, "vm1 vm3 vm5 vm6 vm7 vm8",
          "50000:vm6 50001:vm7 50002:vm1 50003:vm3 50004:vm5 50005:vm8");

    /* One goes and another comes at once. */
    check(&np, 50000, 50099, "vm1 vm3 vm9 vm6 vm7 vm8",
          "50000:vm6 50001:vm7 50002:vm1 50003:vm3 50004:vm9 50005:vm8");
    check(&np, 50000, 50099, "", "");
    nat_ports_destroy(&np);
}

static void
test_nat_ports_range_changes(void)
{
    struct nat_ports np;

    nat_ports_init(&np);
    check(&np, 50000, 50003, "a b c d", "50000:a 50001:b 50002:c 50003:d");

    /* It moves by two: c and d stay. */
    check(&np, 50002, 50005, "a b c d", "50002:c 50003:d 50004:a 50005:b");
    check(&np, 50000, 50009, "a b c d", "50002:c 50003:d 50004:a 50005:b");
    check(&np, 50000, 50003, "a b c d", "50000:a 50001:b 50002:c 50003:d");
    check(&np, 100, 103, "a b c d", "100:a 101:b 102:c 103:d");

    /* The ends of what there is. */
    check(&np, 65535, 65535, "d", "65535:d");
    check(&np, 1, 1, "d", "1:d");
    check(&np, 1, 65535, "a d", "1:d 2:a");
    nat_ports_destroy(&np);
}

static void
test_nat_ports_too_few(void)
{
    struct nat_ports np;

    nat_ports_init(&np);
    check_problem(&np, 50000, 50001, "c b a", "50000:a 50001:b",
                  "ports 50000 to 50001 are too few: 1 of 3 members have none "
                  "(c)");

    /* Who has a port keeps it although others come first by name. */
    check_problem(&np, 50000, 50001, "b c d a0 a", "50000:a 50001:b",
                  "ports 50000 to 50001 are too few: 3 of 5 members have none "
                  "(a0, c, d)");
    check_problem(&np, 50000, 50001, "b c d e f g h", "50000:c 50001:b",
                  "ports 50000 to 50001 are too few: 5 of 7 members have none "
                  "(d, e, f and 2 more)");
    check(&np, 50000, 50001, "c e", "50000:c 50001:e");

    /* Shrinking takes away ports that are in use. */
    check_problem(&np, 65535, 65535, "c e", "65535:c",
                  "ports 65535 to 65535 are too few: 1 of 2 members have none "
                  "(e)");

    /* An empty range, which nobody can declare. */
    check_problem(&np, 10, 9, "c", "",
                  "ports 10 to 9 are too few: 1 of 1 members have none (c)");
    nat_ports_destroy(&np);
}

static void
test_nat_ports_restore(void)
{
    static const int64_t ports[] = { 50003, 50001, 50004, 7, 50002 };
    static const char *const members[] = { "a", "b", "b", "c", "gone" };
    struct nat_ports np;

    nat_ports_init(&np);
    nat_ports_restore(&np, ports, (char *const *) members, ARRAY_SIZE(ports));
    CU_ASSERT_EQUAL(np.n, 5);
    CU_ASSERT_EQUAL(np.ports[0], 7);
    CU_ASSERT_STRING_EQUAL(np.members[0], "c");

    /* Two ports of b: the lower one counts.  c's is outside. */
    check(&np, 50000, 50099, "a b c d", "50000:c 50001:b 50002:d 50003:a");

    nat_ports_restore(&np, ports, (char *const *) members, 1);
    check(&np, 50000, 50099, "a b", "50000:b 50003:a");
    nat_ports_restore(&np, NULL, NULL, 0);
    check(&np, 50000, 50099, "a b", "50000:a 50001:b");
    nat_ports_destroy(&np);
    nat_ports_destroy(NULL);
}

static void
test_nat_ports_name_given_twice(void)
{
    struct nat_ports np;

    nat_ports_init(&np);
    check(&np, 1, 2, "a b a b", "1:a 2:b");
    nat_ports_destroy(&np);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_nat_ports_are_given_by_name),
    UNIT_TEST(test_nat_ports_are_kept),
    UNIT_TEST(test_nat_ports_range_changes),
    UNIT_TEST(test_nat_ports_too_few),
    UNIT_TEST(test_nat_ports_restore),
    UNIT_TEST(test_nat_ports_name_given_twice),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("nat-ports", tests, argc, argv);
}
