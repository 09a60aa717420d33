-- What each account holds in each currency (debit positive), booked up to and including a posting date.
SELECT currency, currency_exponent, account, sum(signed_amount) FROM journal
WHERE :as_of IS NULL OR posting_date <= :as_of
GROUP BY currency, currency_exponent, account ORDER BY currency, account
