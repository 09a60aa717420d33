-- What reading a ledger back has found and was raised: one row while it stands.

CREATE TABLE posting_finding (
    connection {text} NOT NULL,
    subject    {text} NOT NULL,
    partition  BIGINT NOT NULL,
    order_key  {text} NOT NULL,
    value      {bytes} NOT NULL,
    found_at   BIGINT NOT NULL,
    PRIMARY KEY (connection, subject)
) {clustered};
