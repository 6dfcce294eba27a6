/*
 * weights.c - what an event of a kind says about liking, unless the caller says otherwise.
 */
#include "pmkt/cf.h"

double pmkt_cf_default_weight(int32_t kind) {
    switch (kind) {
        case PMKT_KIND_IMPRESSION:
            return 0.1;
        case PMKT_KIND_CLICK:
            return 0.5;
        case PMKT_KIND_VIEW:
            return 1;
        case PMKT_KIND_SEARCH:
            return 1.5;
        case PMKT_KIND_FAVORITE:
        case PMKT_KIND_FOLLOW:
        case PMKT_KIND_SHARE:
            return 3;
        case PMKT_KIND_CART:
            return 4;
        case PMKT_KIND_CHECKOUT:
            return 5;
        case PMKT_KIND_ORDER:
            return 10;
        case PMKT_KIND_REFUND:
        case PMKT_KIND_CANCEL:
            return -10;
        case PMKT_KIND_UNCART:
            return -2;
        default:
            return 0;
    }
}
