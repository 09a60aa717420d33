-- What each account holds in each currency (debit positive), booked up to and including a posting date.
SELECT currency, currency_exponent, account, CAST(sum(signed_amount) AS BIGINT) FROM journal
WHERE CAST(:as_of AS TEXT) IS NULL OR posting_date <= :as_of
GROUP BY currency, currency_exponent, account ORDER BY currency, account
