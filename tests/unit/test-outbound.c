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

#include "lib/slb-outbound.h"

#include "tests/unit/unit.h"
#include "util.h"

#define DEFAULT SLB_OUTBOUND_DEFAULT
#define ON_DEMAND SLB_OUTBOUND_ON_DEMAND
#define EVEN SLB_OUTBOUND_EVEN

static void
test_outbound_table(void)
{
    static const struct { size_t n_members; uint64_t ports; } cases[] = {
        { 0, 1024 }, { 1, 1024 }, { 50, 1024 }, { 51, 512 }, { 100, 512 },
        { 101, 256 }, { 200, 256 }, { 201, 128 }, { 400, 128 }, { 401, 64 },
        { 800, 64 }, { 801, 32 }, { 1000, 32 },
        /* Beyond Azure's. */
        { 1600, 32 }, { 1601, 16 }, { 3200, 16 }, { 3201, 8 }, { 5000, 8 },
        { 65535, 8 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        CU_ASSERT_EQUAL(slb_outbound_ports(DEFAULT, cases[i].n_members, 64000),
                        cases[i].ports);
    }

    /* It fits one frontend for each size of a pool that there may be. */
    for (size_t n = 0; n <= 5000; n++) {
        CU_ASSERT_FATAL(slb_outbound_fits(slb_outbound_ports(DEFAULT, n, 0),
                                          n, 64000));
    }
}

static void
test_outbound_fixed_and_on_demand(void)
{
    CU_ASSERT_EQUAL(slb_outbound_ports(2048, 3, 64000), 2048);
    CU_ASSERT_EQUAL(slb_outbound_ports(64000, 1, 64000), 64000);
    CU_ASSERT_EQUAL(slb_outbound_ports(ON_DEMAND, 3, 64000), 0);
}

static void
test_outbound_even(void)
{
    CU_ASSERT_EQUAL(slb_outbound_ports(EVEN, 10, 64000), 6400);
    CU_ASSERT_EQUAL(slb_outbound_ports(EVEN, 1, 64000), 64000);
    CU_ASSERT_EQUAL(slb_outbound_ports(EVEN, 10, 2 * 64000), 12800);

    /* Rounded down to blocks. */
    CU_ASSERT_EQUAL(slb_outbound_ports(EVEN, 3, 64000), 21328);
    CU_ASSERT_EQUAL(slb_outbound_ports(EVEN, 10, 64000 - 8), 6392);
    CU_ASSERT_EQUAL(slb_outbound_ports(EVEN, 5000, 64000), 8);
    CU_ASSERT_EQUAL(slb_outbound_ports(EVEN, 8000, 64000), 8);
    CU_ASSERT_EQUAL(slb_outbound_ports(EVEN, 8001, 64000), 0);
    CU_ASSERT_EQUAL(slb_outbound_ports(EVEN, 1, 0), 0);
    CU_ASSERT_EQUAL(slb_outbound_ports(EVEN, 0, 64000), 0);

    /* It always fits. */
    for (size_t n = 0; n <= 5000; n++) {
        uint64_t ports = slb_outbound_ports(EVEN, n, 64000 - 24);

        CU_ASSERT_FATAL(ports % 8 == 0);
        CU_ASSERT_FATAL(slb_outbound_fits(ports, n, 64000 - 24));
        CU_ASSERT_FATAL(!n || !slb_outbound_fits(ports + 8, n, 64000 - 24));
    }
}

static void
test_outbound_fits(void)
{
    CU_ASSERT(slb_outbound_fits(1024, 62, 64000));
    CU_ASSERT_FALSE(slb_outbound_fits(1024, 63, 64000));
    CU_ASSERT(slb_outbound_fits(64000, 1, 64000));
    CU_ASSERT_FALSE(slb_outbound_fits(64000, 1, 64000 - 8));
    CU_ASSERT(slb_outbound_fits(64000, 2, 2 * 64000));
    CU_ASSERT(slb_outbound_fits(0, 5000, 0));
    CU_ASSERT(slb_outbound_fits(64000, 0, 0));
    CU_ASSERT_FALSE(slb_outbound_fits(8, 1, 0));
    CU_ASSERT_FALSE(slb_outbound_fits(UINT64_MAX, SIZE_MAX, 64000));
}

static void
test_outbound_listeners(void)
{
    struct slb_outbound_listeners l;

    slb_outbound_listeners_init(&l);
    CU_ASSERT_EQUAL(slb_outbound_available(&l), 64000);

    /* Ports below 1024 are not for SNAT anyway. */
    slb_outbound_listen(&l, 80, 80);
    slb_outbound_listen(&l, 0, 1023);
    CU_ASSERT_EQUAL(slb_outbound_available(&l), 64000);

    /* Of 64,512 ports, 64 blocks can be done without. */
    slb_outbound_listen(&l, 60000, 60000 + 63 * 8 - 1);
    CU_ASSERT_EQUAL(slb_outbound_available(&l), 64000);
    slb_outbound_listen(&l, 1024, 1024);
    CU_ASSERT_EQUAL(slb_outbound_available(&l), 64000);

    /* From there on each one takes its block, once. */
    slb_outbound_listen(&l, 8080, 8080);
    CU_ASSERT_EQUAL(slb_outbound_available(&l), 64000 - 8);
    slb_outbound_listen(&l, 8080, 8087);
    CU_ASSERT_EQUAL(slb_outbound_available(&l), 64000 - 8);
    slb_outbound_listen(&l, 8088, 8088);
    CU_ASSERT_EQUAL(slb_outbound_available(&l), 64000 - 16);
    slb_outbound_listen(&l, 65535, 65535);
    CU_ASSERT_EQUAL(slb_outbound_available(&l), 64000 - 24);

    /* A NAT pool over parts of blocks: 50000...50015 are two blocks, 49999 and
     * 50016 are in others. */
    slb_outbound_listen(&l, 50000, 50015);
    CU_ASSERT_EQUAL(slb_outbound_available(&l), 64000 - 40);
    slb_outbound_listen(&l, 49999, 50016);
    CU_ASSERT_EQUAL(slb_outbound_available(&l), 64000 - 56);

    slb_outbound_listeners_init(&l);
    CU_ASSERT_EQUAL(slb_outbound_available(&l), 64000);
    slb_outbound_listen(&l, 1, 65527);
    CU_ASSERT_EQUAL(slb_outbound_available(&l), 8);
    slb_outbound_listen(&l, 0, 65535);
    CU_ASSERT_EQUAL(slb_outbound_available(&l), 0);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_outbound_table),
    UNIT_TEST(test_outbound_fixed_and_on_demand),
    UNIT_TEST(test_outbound_even),
    UNIT_TEST(test_outbound_fits),
    UNIT_TEST(test_outbound_listeners),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("outbound", tests, argc, argv);
}
