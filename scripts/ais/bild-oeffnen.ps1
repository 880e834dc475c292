# Opens the images of the examination in the practice software's GDT file.
# Exit status 0: opened; 1: not, a window says why.
param([Parameter(ValueFromRemainingArguments = $true)][string[]]$Datei)

. (Join-Path $PSScriptRoot 'gdtbridge-ais.ps1')

# What a viewer's address may be made of; anything else is never handed to Windows.
$ViewerAddress = "^(?:https?|weasis)://[A-Za-z0-9._~:/?#\[\]@!`$'()*+,;=%&-]{1,8000}\z"

function Get-Reason([int]$Status) {
    # Returns what a refusal means.
    switch ($Status) {
        300 { 'Mehrere Untersuchungen passen.' }
        401 { 'Das Kennwort in gdtbridge-ais.ini ist falsch oder fehlt.' }
        403 { 'Dieser Arbeitsplatz ist in gdtbridge nicht zugelassen.' }
        404 { 'Keine passende Untersuchung gefunden.' }
        409 { 'Die Nummer gehört zu einer anderen Person.' }
        429 { 'Zu viele falsche Kennworte; eine Minute warten.' }
        default { "gdtbridge meldet einen Fehler ($Status)." }
    }
}

function Get-Failure([Exception]$Problem) {
    # Returns what a failed call means; PowerShell wraps the exception that knows.
    while ($null -ne $Problem -and $Problem -isnot [Net.WebException]) {
        $Problem = $Problem.InnerException
    }
    if ($null -ne $Problem -and $Problem.Status -eq [Net.WebExceptionStatus]::TrustFailure) {
        return 'Dem Zertifikat von gdtbridge wird nicht geglaubt; bitte in Windows eintragen.'
    }
    if ($null -eq $Problem -or $null -eq $Problem.Response) {
        return 'gdtbridge antwortet nicht. Ist der Rechner eingeschaltet?'
    }
    return Get-Reason ([int]$Problem.Response.StatusCode)
}

function New-SearchRequest([hashtable]$Settings) {
    # Returns the request without its body. The address is the practice's own: no proxy.
    if ($Settings.adresse -cnotmatch '^https?://[A-Za-z0-9.\[\]:-]+(?:/[A-Za-z0-9./_-]*)?\z') {
        throw 'In gdtbridge-ais.ini fehlt die Adresse von gdtbridge.'
    }
    # Older .NET offers TLS 1.0 unless told otherwise, which gdtbridge does not speak.
    $protocols = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
    [Net.ServicePointManager]::SecurityProtocol = $protocols
    $request = [Net.WebRequest]::Create($Settings.adresse.TrimEnd('/') + '/api/v1/studies/search')
    $request.Method = 'POST'
    $request.ContentType = 'application/octet-stream'
    $request.Proxy = $null
    $request.AllowAutoRedirect = $false
    $request.ServicePoint.Expect100Continue = $false
    $wait = [int](1000 * [Math]::Max(1, (ConvertTo-Number $Settings.wartezeit)))
    $request.Timeout = $wait
    $request.ReadWriteTimeout = $wait
    if ($Settings.kennwort) { $request.Headers.Add('Authorization', 'Bearer ' + $Settings.kennwort) }
    return $request
}

function Send-Search([byte[]]$Bytes, [hashtable]$Settings) {
    # Returns the JSON of the answer.
    $request = New-SearchRequest $Settings
    try {
        $body = $request.GetRequestStream()
        try { $body.Write($Bytes, 0, $Bytes.Length) } finally { $body.Close() }
        $response = $request.GetResponse()
    } catch {
        throw (Get-Failure $_.Exception)
    }
    try {
        if ([int]$response.StatusCode -ne 200) { throw (Get-Reason ([int]$response.StatusCode)) }
        $reader = New-Object IO.StreamReader($response.GetResponseStream(), [Text.Encoding]::UTF8)
        $text = New-Object char[] 1048576
        return [string]::new($text, 0, $reader.ReadBlock($text, 0, $text.Length))
    } finally { $response.Close() }
}

function Select-Viewer([string]$Json) {
    # Returns the viewer's address of the only study.
    $elsewhere = 'Unter der Adresse in gdtbridge-ais.ini antwortet etwas anderes.'
    try { $answer = ConvertFrom-Json $Json } catch { throw $elsewhere }
    if ($null -eq $answer -or $null -eq $answer.PSObject.Properties['studies']) { throw $elsewhere }
    $studies = @($answer.studies)
    if ($studies.Count -eq 0) { throw 'Keine passende Untersuchung gefunden.' }
    if ($studies.Count -gt 1) {
        throw ('{0} Untersuchungen passen; bitte im Viewer suchen.' -f $studies.Count)
    }
    $property = $studies[0].PSObject.Properties['viewer_url']
    if ($null -eq $property -or [string]$property.Value -cnotmatch $ViewerAddress) {
        throw 'gdtbridge hat keine brauchbare Adresse des Viewers genannt.'
    }
    return [string]$property.Value
}

try {
    $settings = Read-Settings $PSScriptRoot
    $file = Get-FileName $Datei $settings
    $bytes = Read-Export $file
    Assert-Fresh $file $settings
    $address = Select-Viewer (Send-Search $bytes $settings)
    Start-Process -FilePath $address
    exit 0
} catch {
    Show-Problem ('Die Bilder wurden nicht geöffnet. ' + $_.Exception.Message)
    exit 1
}
