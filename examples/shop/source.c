#include "source.h"

#include <string.h>

#include "program.h"

void shop_source_init(shop_source *from) {
    *from = (shop_source){.user = "customer",
                          .item = "product",
                          .time = "time",
                          .kind = "event",
                          .category = "category"};
    pmkt_zone_init(&from->zone);
}

static int32_t kind_called(const char *name, size_t length) {
    char text[32] = "";
    if (length >= sizeof text) return PMKT_KIND_NONE;
    memcpy(text, name, length);
    return strcmp(text, "skip") == 0 ? SHOP_SKIP : pmkt_kind_from_name(text);
}

/* One "pv=view"; a name may have a '=' itself. */
static bool take_kind(shop_source *from, const char *piece, size_t length) {
    size_t equals = length;
    while (equals > 0 && piece[equals - 1] != '=') equals--;
    if (equals < 2) {
        complain("--kinds is like \"pv=view,buy=order,other=skip\"; \"%.*s\" is not", (int)length,
                 piece);
        return false;
    }
    const int32_t kind = kind_called(piece + equals, length - equals);
    if (kind == PMKT_KIND_NONE) {
        complain("--kinds: \"%.*s\" is none of view, cart, order ...", (int)(length - equals),
                 piece + equals);
        return false;
    }
    if (from->n_kinds == SHOP_KINDS) {
        complain("--kinds takes at most %d", SHOP_KINDS);
        return false;
    }
    from->kinds[from->n_kinds++] = (shop_kind){piece, equals - 1, kind};
    return true;
}

static bool take_kinds(shop_source *from, const char *text) {
    from->n_kinds = 0;
    for (;;) {
        const size_t length = strcspn(text, ",");
        if (!take_kind(from, text, length)) return false;
        if (text[length] == '\0') return true;
        text += length + 1;
    }
}

shop_took shop_source_take(shop_source *from, int option, const char *text) {
    switch (option) {
        case 'u':
            from->user = text;
            return SHOP_TOOK;
        case 'i':
            from->item = text;
            return SHOP_TOOK;
        case 't':
            from->time = text;
            return SHOP_TOOK;
        case 'e':
            from->kind = *text == '\0' ? NULL : text;
            return SHOP_TOOK;
        case 'c':
            from->category = *text == '\0' ? NULL : text;
            return SHOP_TOOK;
        case 'K':
            return take_kinds(from, text) ? SHOP_TOOK : SHOP_WRONG;
        case 'z':
            return whole_number("--utc-offset", text, -1440, 1440, &from->zone.offset_minutes)
                       ? SHOP_TOOK
                       : SHOP_WRONG;
        default:
            return SHOP_NOT_MINE;
    }
}

const char *shop_source_name(const shop_source *from) {
    return strcmp(from->file, "-") == 0 ? "standard input" : from->file;
}
