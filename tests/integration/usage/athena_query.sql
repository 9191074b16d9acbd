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
  CASE WHEN errorcode IN ('AccessDenied', 'AccessDeniedException', 'AuthorizationError', 'AuthorizationErrorException', 'Client.UnauthorizedOperation') THEN errormessage END AS message,
  CASE WHEN errorcode IN ('AccessDenied', 'AccessDeniedException', 'AuthorizationError', 'AuthorizationErrorException', 'Client.UnauthorizedOperation') THEN eventid END AS id,
  count(DISTINCT eventid) AS calls,
  min(eventtime) AS first,
  max(eventtime) AS last
FROM "default"."lo""gs"
WHERE "timestamp" IN ('2026/05/03', '2026/05/04')
  AND eventtime >= '2026-05-03T00:00:00Z'
  AND eventtime < '2026-05-04T00:00:00Z'
  AND (
    useridentity.type IN ('IAMUser', 'FederatedUser', 'IdentityCenterUser')
    OR (useridentity.type = 'AssumedRole' AND strpos(useridentity.arn, ':assumed-role/AWSReservedSSO_') > 0)
  )
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20
