#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

#define TIMEOUT_SECONDS 280 /* below that of the runner, so that the test is named */

void suite_add_topic(Suite *suite, const char *name, const TTest *const *tests) {
    TCase *topic = tcase_create(name);
    tcase_set_timeout(topic, TIMEOUT_SECONDS);
    for (; *tests; tests++) tcase_add_test(topic, *tests);
    suite_add_tcase(suite, topic);
}

int suite_run(Suite *suite) {
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int64_t scaled(int64_t full, int64_t small) {
    const char *scale = getenv("PMKT_TEST_SCALE");
    return scale && strcmp(scale, "small") == 0 ? small : full;
}
