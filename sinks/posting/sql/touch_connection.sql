-- First step of every transaction that writes: the row is locked until it ends.
UPDATE posting_connection SET changes = changes + 1 WHERE connection = :connection
