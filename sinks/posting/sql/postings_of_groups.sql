-- All documents of groups, in their order.
SELECT {posting_columns} FROM posting WHERE connection = ? AND document_group IN ({ids}) ORDER BY document_group, sequence, number
