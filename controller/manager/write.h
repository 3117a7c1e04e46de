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

/* Writing compiled rows: what is there already is not written again. */

#include <string.h>

#include "lib/slb-idl.h"

/* Sets COLUMN of ROW, a "struct slbrec_TABLE *", to VALUE and CHANGED to true,
 * but only if it is another value. */
#define SET_INTEGER(TABLE, ROW, COLUMN, VALUE, CHANGED)         \
    do {                                                        \
        if ((ROW)->COLUMN != (VALUE)) {                         \
            slbrec_##TABLE##_set_##COLUMN(ROW, VALUE);          \
            (CHANGED) = true;                                   \
        }                                                       \
    } while (0)
#define SET_STRING(TABLE, ROW, COLUMN, VALUE, CHANGED)          \
    do {                                                        \
        if (strcmp((ROW)->COLUMN, VALUE)) {                     \
            slbrec_##TABLE##_set_##COLUMN(ROW, VALUE);          \
            (CHANGED) = true;                                   \
        }                                                       \
    } while (0)

#endif /* controller/manager/write.h */
