/* The two events that LTTng-UST writes for beside_lttng: one text, given as text or as plain bytes. LTTng reads this
 * file several times, each time as something else. */

#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER beside

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./provider.h"

#if !defined(BESIDE_PROVIDER_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define BESIDE_PROVIDER_H

#include <lttng/tracepoint.h>
#include <stddef.h>

/* What a reader shows as text. LTTng looks for its end as it copies. */
LTTNG_UST_TRACEPOINT_EVENT(
    beside, text,
    LTTNG_UST_TP_ARGS(const char *, bytes, size_t, len),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_sequence_text(char, message, bytes, unsigned int, len)))
LTTNG_UST_TRACEPOINT_LOGLEVEL(beside, text, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

/* The same bytes, shown as numbers: a plain copy, the least that it can be. */
LTTNG_UST_TRACEPOINT_EVENT(
    beside, bytes,
    LTTNG_UST_TP_ARGS(const char *, bytes, size_t, len),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_sequence(char, message, bytes, unsigned int, len)))
LTTNG_UST_TRACEPOINT_LOGLEVEL(beside, bytes, LTTNG_UST_TRACEPOINT_LOGLEVEL_INFO)

#endif

#include <lttng/tracepoint-event.h>
