/* The library that a program of beside_lttng finds preloaded when it writes to LTTng. */

#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "provider.h"

/* Whether the session daemon has told this process that both are wanted. */
int beside_is_enabled(void)
{
    return lttng_ust_tracepoint_enabled(beside, text) && lttng_ust_tracepoint_enabled(beside, bytes);
}

void beside_text(const char *bytes, size_t len)
{
    lttng_ust_tracepoint(beside, text, bytes, len);
}

void beside_bytes(const char *bytes, size_t len)
{
    lttng_ust_tracepoint(beside, bytes, bytes, len);
}
