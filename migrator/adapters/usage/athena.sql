SELECT
  useridentity.type AS type,
  useridentity.arn AS arn,
  useridentity.accountid AS account_id,
  useridentity.accesskeyid AS access_key,
  useridentity.invokedby AS invoked_by,
  useridentity.onbehalfof.userid AS user_id,
  useridentity.sessioncontext.sessionissuer.type AS issuer_type,
  useridentity.sessioncontext.sessionissuer.arn AS issuer_arn,
  eventsource AS source,
  eventname AS name,
  awsregion AS region,
  sourceipaddress AS address,
  useragent AS agent,
  recipientaccountid AS recipient,
  errorcode AS error,
  requestparameters AS parameters,
  json_format(CAST(transform(resources, r -> r.arn) AS json)) AS resources,
  CASE WHEN errorcode IS NULL AND regexp_like(responseelements, 'rror|Denied|Unauthorized|Exception|Failure')
    THEN responseelements END AS response,
  CASE WHEN errorcode IN ($refusals) THEN errormessage END AS message,
  CASE WHEN errorcode IN ($refusals) THEN eventid END AS id,
  count(DISTINCT eventid) AS calls,
  min(eventtime) AS first,
  max(eventtime) AS last
FROM $table
WHERE "timestamp" IN ('$day', '$next_day')
  AND eventtime >= '$begin'
  AND eventtime < '$end'
  AND (
    useridentity.type IN ('IAMUser', 'FederatedUser', 'IdentityCenterUser')
    OR (useridentity.type = 'AssumedRole' AND strpos(useridentity.arn, ':assumed-role/AWSReservedSSO_') > 0)
  )
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20
