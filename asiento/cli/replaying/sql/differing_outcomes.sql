-- Records of the range that ended otherwise: partition, offset, event_id, outcome and code here, outcome and code there.
SELECT partition, position, max(event_id),
       max(CASE side WHEN 'here' THEN outcome END) AS here, max(CASE side WHEN 'here' THEN code END) AS here_code,
       max(CASE side WHEN 'there' THEN outcome END) AS there, max(CASE side WHEN 'there' THEN code END) AS there_code
FROM outcome GROUP BY partition, position
HAVING max(inside) = 1 AND (here IS NOT there OR here_code IS NOT there_code) ORDER BY partition, position
