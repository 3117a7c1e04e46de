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


/* Fuzz target: Azure's JSON.  The text is resources, and what is known of ids;
 * the networks and public IP prefixes that the unit tests use are always
 * there. */

#include <config.h>

#include <stdint.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "yaml/slb-parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char others[] =
        "kind: VirtualNetwork\n"
        "name: prod\n"
        "subnets:\n"
        "- {name: web, prefix: 10.0.1.0/24}\n"
        "- {name: app, prefix: 10.0.2.0/24}\n"
        "- {name: db, prefix: 10.0.3.0/24}\n"
        "- {name: six, prefix: \"fd00:0:0:6::/64\"}\n"
        "---\n"
        "kind: VirtualNetwork\n"
        "name: blue\n"
        "subnets: [{name: front, prefix: 10.0.1.0/24}]\n"
        "---\n"
        "kind: VirtualNetwork\n"
        "name: hub\n"
        "subnets: [{name: inside, prefix: 10.1.0.0/24}]\n"
        "---\n"
        "kind: PublicIPPrefix\n"
        "name: jobs-out\n"
        "prefix: 20.50.60.128/28\n"
        "---\n"
        "kind: PublicIPPrefix\n"
        "name: reserve\n"
        "prefix: 20.50.60.144/28\n";
    struct slb_input input;

    slb_input_init(&input);
    fuzz_read(&input, "o", others, strlen(others));
    fuzz_read(&input, "a", (const char *) data, size);
    fuzz_check(&input, NULL);
    slb_input_destroy(&input);
    return 0;
}
