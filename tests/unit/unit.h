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

#ifndef UNIT_H
#define UNIT_H 1

/* Unit tests: CUnit's assertions, TAP on standard output.
 *
 * A unit test program tests one module.  It lists its tests, in the order in
 * which they run, in an array that ends with UNIT_END, and hands that to
 * unit_main():
 *
 *     static const struct unit_test tests[] = {
 *         UNIT_TEST(test_maglev_balance),
 *         UNIT_END
 *     };
 *
 *     int
 *     main(int argc, char *argv[])
 *     {
 *         return unit_main("maglev", tests, argc, argv);
 *     }
 *
 * Arguments are names of tests: only those run.  All programs can so be run by
 * prove(1) together with the system tests. */

#include <CUnit/CUnit.h>

struct unit_test {
    const char *name;
    void (*run)(void);
};

#define UNIT_TEST(FUNCTION) { #FUNCTION, FUNCTION }
#define UNIT_END { NULL, NULL }

int unit_main(const char *module, const struct unit_test[],
              int argc, char *argv[]);

#endif /* unit.h */
