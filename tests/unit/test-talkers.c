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

#include "controller/agent/talkers.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/vlog.h"
#include "tests/unit/unit.h"
#include "util.h"

/* 2026-11-22T11:20:00Z, and when that is on the other clock. */
#define WALL 1795346400000LL
#define START 1000000LL

#define SINCE "since 2026-11-22T11:20:00Z: "
#define TEN "VIP 20.50.60.10 (web/frontends/public) above its share, "

static struct talkers *talkers;
static long long int now;

static const char *
name(int64_t network, const char *address, void *aux)
{
    CU_ASSERT_PTR_EQUAL(aux, &now);
    return (!network && !strcmp(address, "20.50.60.10")
            ? "web/frontends/public" : NULL);
}

static void
start(void)
{
    now = START;
    talkers = talkers_create(name, &now, now);
}

static void
end(void)
{
    talkers_destroy(talkers);
}

/* An answer about a port, at 'now'. */
static void
put(bool is_short, int shortages, const char *vips)
{
    char *text = xasprintf("[{\"port\":\"slb0\",\"short\":%s,\"shortages\":%d,"
                           "\"vips\":[%s]}]", is_short ? "true" : "false",
                           shortages, vips);
    struct json *json = json_from_string(text);

    CU_ASSERT_EQUAL_FATAL(json->type, JSON_ARRAY);
    talkers_put(talkers, json, now, WALL + now - START);
    json_destroy(json);
    free(text);
}

/* The same, once a second, so many times; 'now' is the time of the last. */
static void
go_on(int n, bool is_short, int shortages, const char *vips)
{
    for (int i = 0; i < n; i++) {
        now += 1000;
        put(is_short, shortages, vips);
    }
}

static void
expect(const char *text)
{
    const char *got = talkers_get_text(talkers);

    if (text) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(got);
        CU_ASSERT_STRING_EQUAL(got, text);
        if (strcmp(got, text)) {
            printf("# got: %s\n", got);
        }
    } else {
        CU_ASSERT_PTR_NULL(got);
    }
}

#define FLOW(SOURCE, ARRIVING, SHARE) \
    "{\"protocol\":6,\"source\":\"" SOURCE "\",\"source_port\":1," \
    "\"port\":80,\"arriving\":" #ARRIVING ",\"share\":" #SHARE "}"
#define VIP(NETWORK, ADDRESS, ARRIVING, SHARE, FLOWS) \
    "{\"network\":" #NETWORK ",\"address\":\"" ADDRESS "\",\"weight\":1," \
    "\"arriving\":" #ARRIVING ",\"share\":" #SHARE ",\"flows\":[" FLOWS "]}"
#define HEAVY \
    VIP(0, "20.50.60.10", 4000, 1000, FLOW("198.51.100.7", 3900, 900))
/* Not above its share, and one without any. */
#define LIGHT VIP(0, "20.50.60.11", 50, 50, "") "," \
    "{\"network\":0,\"address\":\"20.50.60.12\",\"arriving\":9}"

static void
test_begin_and_end(void)
{
    start();
    CU_ASSERT_FALSE(talkers_is_known(talkers));
    put(false, 3, "");
    CU_ASSERT(talkers_is_known(talkers));
    expect(NULL);
    CU_ASSERT_EQUAL(talkers_next(talkers), LLONG_MAX);

    /* Too short to matter, twice. */
    go_on(2, true, 4, HEAVY);
    go_on(1, false, 4, "");
    go_on(2, true, 5, HEAVY);
    expect(NULL);
    go_on(1, false, 5, "");

    now = START - 1000;
    go_on(1, true, 6, HEAVY "," LIGHT);
    now += TALKERS_BEGIN_MS - 1;
    put(true, 6, HEAVY "," LIGHT);
    expect(NULL);
    now++;
    put(true, 6, HEAVY "," LIGHT);
    expect(SINCE TEN "mostly from 198.51.100.7");

    /* Pauses do not end it, nor do they change anything. */
    go_on(8, false, 6, "");
    go_on(1, true, 7, HEAVY);
    expect(SINCE TEN "mostly from 198.51.100.7");
    CU_ASSERT_EQUAL(talkers_next(talkers), now + TALKERS_END_MS);
    go_on(9, false, 7, "");
    expect(SINCE TEN "mostly from 198.51.100.7");
    now += 999;
    talkers_run(talkers, now);
    CU_ASSERT_PTR_NOT_NULL(talkers_get_text(talkers));
    now++;
    talkers_run(talkers, now);
    expect(NULL);
    CU_ASSERT(talkers_is_known(talkers));

    /* It is forgotten. */
    struct ds ds = DS_EMPTY_INITIALIZER;
    talkers_format(talkers, &ds);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), "overload: no\n");
    ds_destroy(&ds);
    end();
}

/* Shortages between two answers, which see none themselves. */
static void
test_between_answers(void)
{
    start();
    put(false, 7, "");
    for (int i = 8; i < 10; i++) {
        go_on(1, false, i, "");
        expect(NULL);
    }
    go_on(1, false, 10, "");
    CU_ASSERT_STRING_EQUAL(talkers_get_text(talkers),
                           "since 2026-11-22T11:20:01Z: nobody stands out");

    /* As soon as somebody does and the time has come. */
    go_on(9, true, 10, HEAVY);
    CU_ASSERT_STRING_EQUAL(talkers_get_text(talkers),
                           "since 2026-11-22T11:20:01Z: nobody stands out");
    go_on(1, true, 10, HEAVY);
    CU_ASSERT_STRING_EQUAL(talkers_get_text(talkers),
                           "since 2026-11-22T11:20:01Z: " TEN
                           "mostly from 198.51.100.7");

    /* A datapath that starts begins to count again. */
    go_on(10, false, 0, "");
    expect(NULL);
    end();
}

/* Nothing is heard any more, or never was. */
static void
test_silence(void)
{
    start();
    CU_ASSERT_EQUAL(talkers_next(talkers), START + TALKERS_END_MS);
    talkers_run(talkers, START + TALKERS_END_MS - 1);
    CU_ASSERT_FALSE(talkers_is_known(talkers));
    talkers_run(talkers, START + TALKERS_END_MS);
    CU_ASSERT(talkers_is_known(talkers));
    expect(NULL);

    go_on(3, true, 1, HEAVY);
    CU_ASSERT_PTR_NOT_NULL(talkers_get_text(talkers));
    now += TALKERS_END_MS;
    talkers_run(talkers, now);
    expect(NULL);

    /* A shortage long ago is not the beginning of one that is now. */
    go_on(1, true, 1, HEAVY);
    now += TALKERS_END_MS;
    put(true, 1, HEAVY);
    expect(NULL);
    end();

    /* With a shortage right at the start it is not known for a while. */
    start();
    put(true, 1, HEAVY);
    go_on(1, true, 1, HEAVY);
    CU_ASSERT_FALSE(talkers_is_known(talkers));
    go_on(1, true, 1, HEAVY);
    CU_ASSERT(talkers_is_known(talkers));
    expect(SINCE TEN "mostly from 198.51.100.7");

    struct ds ds = DS_EMPTY_INITIALIZER;
    talkers_format(talkers, &ds);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), "overload: " SINCE TEN
                           "mostly from 198.51.100.7\n"
                           "  VIP 20.50.60.10: 1734 packets/s above its share"
                           "\n    from 198.51.100.7: 1734 packets/s above its "
                           "share\n");
    ds_destroy(&ds);
    end();
}

static void
test_who(void)
{
    static const struct {
        const char *vips;
        const char *text;
    } cases[] = {
        { "", "nobody stands out" },
        { LIGHT, "nobody stands out" },

        /* In order of addresses, with networks last. */
        { VIP(5, "10.0.0.4", 900, 100, "") "," HEAVY ","
          VIP(0, "2001:db8::1", 2000, 1000, FLOW("2001:db8::7", 1500, 600)),
          TEN "mostly from 198.51.100.7; "
          "VIP 2001:db8::1 above its share, mostly from 2001:db8::7; "
          "VIP 10.0.0.4 of network 5 above its share, from many senders" },

        /* A fifth is enough, less is not. */
        { HEAVY "," VIP(0, "20.0.0.1", 600, 0, "") ","
          VIP(0, "20.0.0.2", 599, 0, ""),
          "VIP 20.0.0.1 above its share, from many senders; "
          TEN "mostly from 198.51.100.7" },

        /* Not more than three. */
        { VIP(0, "20.0.0.1", 999, 0, "") "," VIP(0, "20.0.0.2", 998, 0, "")
          "," VIP(0, "20.0.0.3", 997, 0, "") ","
          VIP(0, "20.0.0.4", 1000, 0, ""),
          "VIP 20.0.0.1 above its share, from many senders; "
          "VIP 20.0.0.2 above its share, from many senders; "
          "VIP 20.0.0.4 above its share, from many senders" },

        /* Flows of one sender count together; half must be known. */
        { VIP(0, "20.0.0.1", 1000, 0, FLOW("192.0.2.1", 260, 10) ","
              FLOW("192.0.2.2", 199, 0) "," FLOW("192.0.2.1", 250, 0)),
          "VIP 20.0.0.1 above its share, mostly from 192.0.2.1" },
        { VIP(0, "20.0.0.1", 1000, 0, FLOW("192.0.2.2", 249, 0) ","
              FLOW("192.0.2.1", 251, 0)),
          "VIP 20.0.0.1 above its share, mostly from 192.0.2.1, 192.0.2.2" },
        { VIP(0, "20.0.0.1", 1000, 0, FLOW("192.0.2.2", 249, 0) ","
              FLOW("192.0.2.1", 250, 0)),
          "VIP 20.0.0.1 above its share, from many senders" },

        /* Nonsense. */
        { "1,{},[],{\"address\":7,\"arriving\":9,\"share\":1},"
          "{\"address\":\"20.0.0.1\",\"arriving\":\"9\",\"share\":1},"
          "{\"address\":\"20.0.0.1\",\"arriving\":9,\"share\":1,"
          "\"flows\":[1,{\"source\":1,\"arriving\":9,\"share\":1}]}",
          "VIP 20.0.0.1 above its share, from many senders" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *text = xasprintf(SINCE "%s", cases[i].text);

        start();
        put(true, 1, cases[i].vips);
        go_on(2, true, 1, cases[i].vips);
        expect(text);
        end();
        free(text);
    }

    start();
    struct json *json = json_object_create();
    talkers_put(talkers, json, now, WALL);
    json_destroy(json);
    CU_ASSERT_FALSE(talkers_is_known(talkers));
    end();
}

/* Others take over. */
static void
test_change(void)
{
    static const char one[] = VIP(0, "20.0.0.1", 1000, 0, "");
    static const char both[] = VIP(0, "20.0.0.1", 1000, 0, "") ","
        VIP(0, "20.0.0.2", 150, 0, "");
    static const char other[] = VIP(0, "20.0.0.2", 1000, 0, "");
    static const char one_text[]
        = SINCE "VIP 20.0.0.1 above its share, from many senders";
    static const char both_text[]
        = SINCE "VIP 20.0.0.1 above its share, from many senders; "
        "VIP 20.0.0.2 above its share, from many senders";

    start();
    put(true, 1, one);
    go_on(2, true, 1, one);
    expect(one_text);

    /* At once it shows nothing. */
    go_on(9, true, 1, other);
    expect(one_text);
    go_on(1, true, 1, other);
    expect(SINCE "VIP 20.0.0.2 above its share, from many senders");
    end();

    /* What is too little to be named is enough to stay so. */
    start();
    put(true, 1, both);
    go_on(30, true, 1, both);
    expect(one_text);
    go_on(15, true, 1, VIP(0, "20.0.0.1", 1000, 0, "") ","
          VIP(0, "20.0.0.2", 250, 0, ""));
    expect(both_text);
    go_on(30, true, 1, both);
    expect(both_text);
    go_on(30, true, 1, one);
    expect(one_text);
    end();
}

/* Senders that change all the time are not remembered for ever, and do not
 * change the text all the time. */
static void
test_forgets(void)
{
    char *last = xstrdup("");
    int n_changes = 0;

    start();
    for (int i = 0; i < 1000; i++) {
        char *vip = xasprintf(
            "{\"network\":0,\"address\":\"20.0.0.1\",\"arriving\":1000,"
            "\"share\":0,\"flows\":[{\"source\":\"10.0.%d.%d\","
            "\"arriving\":900,\"share\":0}]}", i / 256, i % 256);

        go_on(1, true, 1, vip);
        free(vip);
        if (talkers_get_text(talkers)
            && strcmp(talkers_get_text(talkers), last)) {
            free(last);
            last = xstrdup(talkers_get_text(talkers));
            n_changes++;
        }
    }

    struct ds ds = DS_EMPTY_INITIALIZER;
    talkers_format(talkers, &ds);
    size_t n = 0;
    for (const char *s = ds_cstr(&ds); (s = strchr(s, '\n')); s++) {
        n++;
    }
    ds_destroy(&ds);
    CU_ASSERT(n > 5 && n < 20);
    CU_ASSERT(n_changes > 1 && n_changes < 10);
    free(last);
    end();
}

static const struct unit_test tests[] = {
    UNIT_TEST(test_begin_and_end),
    UNIT_TEST(test_between_answers),
    UNIT_TEST(test_silence),
    UNIT_TEST(test_who),
    UNIT_TEST(test_change),
    UNIT_TEST(test_forgets),
    UNIT_END
};

int
main(int argc, char *argv[])
{
    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    return unit_main("talkers", tests, argc, argv);
}
