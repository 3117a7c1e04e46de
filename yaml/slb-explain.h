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


#ifndef SLB_EXPLAIN_H
#define SLB_EXPLAIN_H 1

/* The language explained to its users, out of the table that the parser reads
 * it by (yaml/slb-schema.h): kinds, their fields, values, defaults.
 *
 * What a value may be is said in the words of the parser's messages. */

#include "openvswitch/compiler.h"

struct ds;

/* Objects in which each field of each class is set somewhere. */
extern const char slb_explain_example[];

char *slb_explain(const char *path, struct ds *) OVS_WARN_UNUSED_RESULT;

#endif /* yaml/slb-explain.h */
