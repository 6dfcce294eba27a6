/* The other half of check_cpp_link.cpp, in the other dialect. */
#include <pmkt.hpp>

long other_half(const pmkt_events &batch, std::string &message);

long other_half(const pmkt_events &batch, std::string &message) {
    pmkt::rfm rfm;
    rfm.add(batch);
    const pmkt::scores scores = rfm.score(pmkt::parse_time("2026-02-01"));
    try {
        scores.groups(-1);
    } catch (const pmkt::error &e) {
        message = e.what();
    }
    return __cplusplus + static_cast<long>(scores.user().size());
}
