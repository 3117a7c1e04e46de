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


#ifndef SLB_VALIDATE_H
#define SLB_VALIDATE_H 1

/* Checks what depends on several objects: names that are used twice, or by
 * nobody, addresses and ports that clash, members outside of their network.
 *
 * The objects of the files are checked as they will be once they are applied:
 * together with those that are in the database and that the files leave alone.
 * Those are valid by themselves; but a network that the files change may not
 * fit them any more, or an address that the files use may be theirs. */

#include <stdbool.h>

struct ds;
struct slb_input;
struct slb_model;
struct slb_object;

void slb_validate(struct slb_input *, const struct slb_model *base);
bool slb_validate_delete(const struct slb_model *base,
                         const struct slb_object *, struct ds *reason);

#endif /* yaml/slb-validate.h */
