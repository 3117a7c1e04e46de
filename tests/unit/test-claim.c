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

#include "controller/manager/claim.h"

#include "lib/slb-address.h"
#include "tests/unit/unit.h"

static struct claim_key
make_key(const char *vip, uint32_t network_key, int protocol, int port)
{
    struct claim_key key = {
        .network_key = network_key, .protocol = protocol, .port = port,
    };

    CU_ASSERT_FATAL(slb_address_parse(vip, &key.vip));
    return key;
}

static void
add(struct claims *claims, struct claimant *claimant, const char *name,
    int port)
{
    struct claim_key key = make_key("20.1.1.1", 0, 6, port);

    claims_add(claims, claimant, name, &key);
}

static void
add_row(struct claims *claims, struct claim_row *row, const char *name,
        int port)
{
    struct claim_key key = make_key("20.1.1.1", 0, 6, port);

    claims_add_row(claims, row, name, &key);
}

/* Returns how many claimants have changed. */
static int
resolve(struct claims *claims)
{
    int n = 0;

    claims_resolve(claims);
    while (claims_pop_changed(claims)) {
        n++;
    }
    return n;
}

static void
test_claim_first_by_name(void)
{
    struct claimant a, b, c;
    struct claims claims;

    claims_init(&claims);
    add(&claims, &b, "b", 80);
    add(&claims, &a, "a", 80);
    add(&claims, &c, "c", 81);
    CU_ASSERT_EQUAL(resolve(&claims), 3);
    CU_ASSERT_PTR_EQUAL(a.claim->holder, &a);
    CU_ASSERT_PTR_EQUAL(b.claim, a.claim);
    CU_ASSERT_PTR_EQUAL(c.claim->holder, &c);
    CU_ASSERT_PTR_EQUAL(c.claim->vip, a.claim->vip);
    CU_ASSERT_EQUAL(resolve(&claims), 0);

    /* Who waits gets it when the holder goes. */
    claims_remove(&claims, &a);
    CU_ASSERT_EQUAL(resolve(&claims), 1);
    CU_ASSERT_PTR_EQUAL(b.claim->holder, &b);

    /* Who has it stays. */
    add(&claims, &a, "a", 80);
    CU_ASSERT_EQUAL(resolve(&claims), 0);
    CU_ASSERT_PTR_EQUAL(b.claim->holder, &b);
    claims_remove(&claims, &a);
    claims_remove(&claims, &b);
    claims_remove(&claims, &c);
    claims_destroy(&claims);
}

/* What is in place by a row stays, also when it is looked at anew. */
static void
test_claim_in_place(void)
{
    struct claimant a, b;
    struct claim_row row;
    struct claims claims;

    claims_init(&claims);
    add_row(&claims, &row, "b", 80);
    add(&claims, &a, "a", 80);
    add(&claims, &b, "b", 80);
    CU_ASSERT_EQUAL(resolve(&claims), 2);
    CU_ASSERT_PTR_EQUAL(a.claim->holder, &b);

    claims_remove(&claims, &b);
    add(&claims, &b, "b", 80);
    resolve(&claims);
    CU_ASSERT_PTR_EQUAL(a.claim->holder, &b);

    /* The row alone claims nothing. */
    claims_remove(&claims, &b);
    CU_ASSERT_EQUAL(resolve(&claims), 1);
    CU_ASSERT_PTR_EQUAL(a.claim->holder, &a);
    claims_remove_row(&claims, &row);
    CU_ASSERT_EQUAL(resolve(&claims), 0);
    claims_remove(&claims, &a);
    claims_destroy(&claims);
}

/* While rows swap what they forward, there are two for one thing. */
static void
test_claim_rows_swap(void)
{
    struct claim_row row_a, row_b;
    struct claimant a, b;
    struct claims claims;

    claims_init(&claims);
    add(&claims, &a, "a", 80);
    add(&claims, &b, "b", 81);
    add_row(&claims, &row_b, "b", 80);
    add_row(&claims, &row_a, "a", 80);
    claims_remove_row(&claims, &row_b);
    add_row(&claims, &row_b, "b", 81);
    resolve(&claims);
    CU_ASSERT_PTR_EQUAL(a.claim->holder, &a);
    CU_ASSERT_PTR_EQUAL(row_a.claim, a.claim);
    CU_ASSERT_PTR_EQUAL(row_b.claim, b.claim);
    claims_remove_row(&claims, &row_a);
    claims_remove_row(&claims, &row_b);
    claims_remove(&claims, &a);
    claims_remove(&claims, &b);
    claims_destroy(&claims);
}

/* Each part of the key counts. */
static void
test_claim_keys(void)
{
    struct claim_key keys[] = {
        make_key("20.1.1.1", 0, 6, 80), make_key("20.1.1.2", 0, 6, 80),
        make_key("20.1.1.1", 1, 6, 80), make_key("20.1.1.1", 0, 17, 80),
        make_key("20.1.1.1", 0, 6, 81), make_key("::1", 0, 6, 80),
    };
    struct claimant claimants[6];
    struct claims claims;

    claims_init(&claims);
    for (int i = 0; i < 6; i++) {
        claims_add(&claims, &claimants[i], "x", &keys[i]);
    }
    CU_ASSERT_EQUAL(resolve(&claims), 6);
    CU_ASSERT_EQUAL(hmap_count(&claims.claims), 6);
    CU_ASSERT_EQUAL(hmap_count(&claims.vips), 4);
    for (int i = 0; i < 6; i++) {
        CU_ASSERT_PTR_EQUAL(claimants[i].claim->holder, &claimants[i]);
        CU_ASSERT(claim_key_equals(&claimants[i].claim->key, &keys[i]));
        claims_remove(&claims, &claimants[i]);
    }
    claims_destroy(&claims);
    claims_destroy(NULL);
}

/* VIPs are dirty when their claims change, and go when nobody needs them. */
static void
test_claim_vips(void)
{
    struct claims claims;
    struct claimant a;
    struct vip *vip;

    claims_init(&claims);
    add(&claims, &a, "a", 80);
    resolve(&claims);
    vip = a.claim->vip;
    CU_ASSERT_FALSE(ovs_list_is_empty(&claims.dirty));
    claims_clear_dirty(&claims, vip);
    CU_ASSERT(ovs_list_is_empty(&claims.dirty));
    CU_ASSERT_PTR_EQUAL(claims_find_or_add_vip(&claims, 0, &vip->address),
                        vip);

    vip->row = &a;
    claims_remove(&claims, &a);
    resolve(&claims);
    CU_ASSERT_FALSE(ovs_list_is_empty(&claims.dirty));
    claims_clear_dirty(&claims, vip);
    CU_ASSERT_EQUAL(hmap_count(&claims.vips), 1);
    vip->row = NULL;
    claims_set_dirty(&claims, vip);
    claims_clear_dirty(&claims, vip);
    CU_ASSERT_EQUAL(hmap_count(&claims.vips), 0);
    claims_destroy(&claims);
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_claim_first_by_name),
    UNIT_TEST(test_claim_in_place),
    UNIT_TEST(test_claim_rows_swap),
    UNIT_TEST(test_claim_keys),
    UNIT_TEST(test_claim_vips),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    return unit_main("claim", tests, argc, argv);
}
