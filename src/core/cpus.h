/* cpus.h - the parsing half of pmkt_default_threads, apart for its test. */
#ifndef PMKTI_CPUS_H
#define PMKTI_CPUS_H

#include <stdbool.h>
#include <stdint.h>

/* CPUs by the text of a cgroup's cpu.max ("quota period", rounded up); 0 = no limit. */
int32_t pmkti_cgroup_cpus(const char *text);

#endif
