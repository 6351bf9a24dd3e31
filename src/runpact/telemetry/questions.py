"""What a telemetry database can be asked, in SQL.

Knows: the table's columns; every value is bound by name.
Does not know: who asks.
"""

from __future__ import annotations

RECENT = """\
SELECT id, source_id, ts_utc, total_detections, counts_by_class, latency_ms FROM stats_events
WHERE :source IS NULL OR source_id = :source
ORDER BY id DESC LIMIT :limit"""

OVERVIEW = """\
SELECT count(*) AS events_total, coalesce(sum(total_detections), 0) AS detections_total,
    avg(latency_ms) AS avg_latency_ms, max(ts_utc) AS last_event_ts_utc,
    count(DISTINCT source_id) AS source_count
FROM stats_events"""

PER_CLASS = """\
SELECT counted.key AS class_name, sum(counted.value) AS detections
FROM (
    SELECT counts_by_class FROM stats_events
    WHERE :source IS NULL OR source_id = :source
    ORDER BY id DESC LIMIT :limit
) AS latest, json_each(latest.counts_by_class) AS counted
GROUP BY counted.key ORDER BY detections DESC, counted.key"""

PER_SOURCE = """\
SELECT source_id, count(*) AS events, sum(total_detections) AS detections, avg(latency_ms) AS avg_latency_ms,
    max(ts_utc) AS last_event_ts_utc
FROM stats_events GROUP BY source_id ORDER BY source_id"""

BUCKETS = """\
SELECT strftime('%Y-%m-%dT%H:%M:%S.000000Z', bucket * :seconds, 'unixepoch') AS start_ts_utc,
    sum(events) AS events, sum(detections) AS detections, sum(latency) / sum(events) AS avg_latency_ms
FROM (
    SELECT CAST(strftime('%s', stretch) AS INTEGER) / :seconds AS bucket, events, detections, latency
    FROM (
        SELECT substr(ts_utc, 1, :prefix) AS stretch, count(*) AS events,
            sum(total_detections) AS detections, sum(latency_ms) AS latency
        FROM stats_events
        WHERE ts_utc >= :since AND ts_utc < :until AND (:source IS NULL OR source_id = :source)
        GROUP BY stretch
    )
)
GROUP BY bucket ORDER BY bucket DESC LIMIT :limit"""
"""Events of one minute or second are added up by their text first, which is several times faster."""
SECOND, MINUTE = len("2025-01-01T00:00:00"), len("2025-01-01T00:00")
"""Characters of a time that tell its second, its minute."""
