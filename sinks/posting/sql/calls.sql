-- The counters of calls.
SELECT call_window, window_at, calls FROM posting_call WHERE connection = :connection
