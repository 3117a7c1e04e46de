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


#ifndef MANAGER_WRITE_H
#define MANAGER_WRITE_H 1

/* The only writer of the compiled tables: compares the rows that are there with
 * what is desired and puts the differences, and nothing else, into a
 * transaction, together with what they make necessary: Node.wanted of the nodes
 * concerned (concern.h) and SLB_Global.compiled_seq. */

struct desired;
struct ovsdb_idl;
struct ovsdb_idl_txn;

void write_desired(struct desired *, struct ovsdb_idl *,
                   struct ovsdb_idl_txn *);

#endif /* controller/manager/write.h */
