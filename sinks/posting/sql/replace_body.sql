-- Another content under the same key; it was never sent, or certainly never booked.
UPDATE posting SET body = :body, digest = :digest, sequence = :sequence, kind = :kind, reference = :reference
WHERE connection = :connection AND key = :key AND state IN ('PLANNED', 'PARKED', 'SENDING') AND open_since IS NULL
