-- A counter of calls.
INSERT INTO posting_call (connection, call_window, window_at, calls) VALUES (:connection, :call_window, :window_at, :calls)
ON CONFLICT (connection, call_window) DO UPDATE SET window_at = excluded.window_at, calls = excluded.calls
