/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine, as this process may use it: the only file that knows hwloc. Loaded once, on the first call that is large
 * enough to ask; HWLOC_SYNTHETIC and HWLOC_XMLFILE put another machine in its place.
 */
#include "internal.h"

#include <hwloc.h>
#include <pthread.h>

static axp_topology topology;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* What to assume where the machine does not say: one core with a modest cache. */
static const axp_topology unknown_machine = {1, 256 * 1024, 256 * 1024};

static axp_topology read_topology(hwloc_topology_t machine) {
    axp_topology t = unknown_machine;
    hwloc_const_bitmap_t allowed = hwloc_topology_get_allowed_cpuset(machine);
    hwloc_bitmap_t usable = hwloc_bitmap_dup(allowed);
    /* A binding can only be asked of the machine that this process runs on. */
    hwloc_bitmap_t bound = hwloc_bitmap_alloc();
    if (usable && bound && hwloc_topology_is_thissystem(machine) &&
        hwloc_get_cpubind(machine, bound, HWLOC_CPUBIND_PROCESS) == 0 && hwloc_bitmap_intersects(usable, bound))
        hwloc_bitmap_and(usable, usable, bound);

    hwloc_const_bitmap_t cpus = usable ? usable : allowed;
    int cores = 0;
    for (hwloc_obj_t core = NULL; (core = hwloc_get_next_obj_by_type(machine, HWLOC_OBJ_CORE, core));)
        cores += hwloc_bitmap_intersects(core->cpuset, cpus) != 0;
    t.cores = cores > 0 ? cores : (int)axp_max(hwloc_bitmap_weight(cpus), 1);

    hwloc_obj_t l2 = hwloc_get_obj_by_type(machine, HWLOC_OBJ_L2CACHE, 0);
    if (l2 && l2->attr->cache.size > 0)
        t.l2_bytes = (int64_t)l2->attr->cache.size;
    t.cache_bytes = t.cores * t.l2_bytes;
    for (hwloc_obj_t l3 = NULL; (l3 = hwloc_get_next_obj_by_type(machine, HWLOC_OBJ_L3CACHE, l3));)
        t.cache_bytes += hwloc_bitmap_intersects(l3->cpuset, cpus) ? (int64_t)l3->attr->cache.size : 0;
    hwloc_bitmap_free(bound);
    hwloc_bitmap_free(usable);
    return t;
}

static void load(void) {
    topology = unknown_machine;
    hwloc_topology_t machine;
    if (hwloc_topology_init(&machine) != 0)
        return;
    /* The rest of what hwloc can find, PCI and such, takes long and does not matter here. */
    hwloc_topology_set_io_types_filter(machine, HWLOC_TYPE_FILTER_KEEP_NONE);
    hwloc_topology_set_type_filter(machine, HWLOC_OBJ_MISC, HWLOC_TYPE_FILTER_KEEP_NONE);
    if (hwloc_topology_load(machine) == 0)
        topology = read_topology(machine);
    hwloc_topology_destroy(machine);
}

const axp_topology *axp_topology_get(void) {
    pthread_once(&once, load);
    return &topology;
}

int axprod_usable_cores(void) {
    return axp_topology_get()->cores;
}

int axprod_usable_threads(void) {
    return (int)axp_min(axp_default_threads(), axp_topology_get()->cores);
}
