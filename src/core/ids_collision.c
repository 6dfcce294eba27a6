/*
 * ids_collision.c - says which two strings have the same id.
 */
#include <stdio.h>

#include "core/error.h"
#include "core/ids_state.h"

#define QUOTED 60 /* characters of a string that the message shows */

/* What stands before a row. No string can look like it, for none has a quote inside. */
#define BEFORE_ROW "\" and, at row "

/* A string between quotes: printable ASCII as it is, other bytes as \xNN, a long one cut. */
static void quote(pmkti_string string, char out[QUOTED + 8]) {
    static const char HEX[] = "0123456789abcdef";
    size_t at = 0, i = 0;
    out[at++] = '"';
    for (; i < string.length; i++) {
        const unsigned char c = string.at[i];
        const bool plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
        if (at + (plain ? 1 : 4) > QUOTED) break;
        if (plain) {
            out[at++] = (char)c;
        } else {
            const char escape[4] = {'\\', 'x', HEX[c >> 4], HEX[c & 15]};
            memcpy(out + at, escape, sizeof escape);
            at += sizeof escape;
        }
    }
    const char *end = i < string.length ? "\"..." : "\"";
    memcpy(out + at, end, strlen(end) + 1);
}

pmkt_status pmkti_ids_collision(pmkti_string known, pmkti_string other, int64_t row,
                                pmkt_error *err) {
    char one[QUOTED + 8], two[QUOTED + 8], place[40] = "";
    quote(known, one);
    quote(other, two);
    const unsigned long long id = pmkt_id_of_bytes(other.at, other.length);
    if (row >= 0) (void)snprintf(place, sizeof place, ", at row %lld,", (long long)row);
    return pmkti_fail_at(
        err, PMKT_E_COLLISION, row < 0 ? PMKT_WHERE_NONE : PMKT_WHERE_ROW, row < 0 ? 0 : row,
        "%s and%s %s have the same id %#llx; rename one of them", one, place, two, id);
}

void pmkti_ids_collision_move(pmkt_error *err, int64_t row) {
    if (!err || err->code != PMKT_E_COLLISION || err->where_kind != PMKT_WHERE_ROW) return;
    err->where = row;
    char rest[sizeof err->message];
    char *at = strstr(err->message, BEFORE_ROW);
    if (!at) return;
    at += sizeof BEFORE_ROW - 1;
    const char *behind = at + strspn(at, "0123456789");
    memcpy(rest, behind, strlen(behind) + 1);
    const size_t room = (size_t)(err->message + sizeof err->message - at);
    (void)snprintf(at, room, "%lld%s", (long long)row, rest);
}
