<?php
/* SPDX-License-Identifier: BSD-2-Clause
 *
 * relay: what the router does, in PHP under FPM: the host's origin is looked up
 * in a Berkeley DB by dba, and asked by curl. HOSTS is the file. PHP keeps no
 * connection of curl from one request to the next.
 */

const HOP = ['connection', 'keep-alive', 'proxy-authenticate',
    'proxy-authorization', 'proxy-connection', 'te', 'trailer',
    'transfer-encoding', 'upgrade', 'host', 'content-length'];

function request_fields(): array
{
	$fields = ['X-Forwarded-For: ' . $_SERVER['REMOTE_ADDR'], 'Expect:'];
	foreach ($_SERVER as $name => $value) {
		if (!str_starts_with($name, 'HTTP_'))
			continue;
		$name = strtolower(strtr(substr($name, 5), '_', '-'));
		if (!in_array($name, HOP, true))
			$fields[] = "$name: $value";
	}
	if (($_SERVER['CONTENT_TYPE'] ?? '') !== '')
		$fields[] = 'Content-Type: ' . $_SERVER['CONTENT_TYPE'];
	return $fields;
}

function response_field($curl, string $line): int
{
	$length = strlen($line);
	$line = rtrim($line);
	if (preg_match('~^HTTP/1\.[01] (\d{3})~', $line, $found))
		http_response_code((int)$found[1]);
	elseif ($line !== '' && !in_array(strtolower(strstr($line, ':', true)),
	    array_diff(HOP, ['content-length']), true))
		header($line, false);
	return $length;
}

$hosts = dba_popen($_SERVER['HOSTS'], 'r-', 'db4');
$host = strtolower(preg_replace('~:\d+$~', '', $_SERVER['HTTP_HOST']));
$origin = dba_fetch($host, $hosts);
if ($origin === false) {
	http_response_code(404);
	exit;
}
header_remove();
$curl = curl_init($origin . $_SERVER['REQUEST_URI']);
curl_setopt_array($curl, [
	CURLOPT_CUSTOMREQUEST => $_SERVER['REQUEST_METHOD'],
	CURLOPT_NOBODY => $_SERVER['REQUEST_METHOD'] === 'HEAD',
	CURLOPT_HTTPHEADER => request_fields(),
	CURLOPT_HEADERFUNCTION => 'response_field',
	CURLOPT_WRITEFUNCTION => function ($curl, string $part): int {
		echo $part;
		return strlen($part);
	},
]);
if (($_SERVER['CONTENT_LENGTH'] ?? '') !== '')
	curl_setopt($curl, CURLOPT_POSTFIELDS, file_get_contents('php://input'));
if (!curl_exec($curl) && !headers_sent())
	http_response_code(502);
