# What auftrag.ps1 and bild-oeffnen.ps1 share: settings, the GDT file, and the window on the screen.
# Windows PowerShell 5.1. This file is UTF-8 with a byte order mark, or 5.1 would misread umlauts.

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

function Read-Settings([string]$Folder) {
    # Returns the keys of gdtbridge-ais.ini as a table.
    $settings = @{
        adresse = ''; kennwort = ''; auftragsordner = ''; exportdatei = ''
        hoechstalter = '5'; wartezeit = '10'
    }
    $file = Join-Path $Folder 'gdtbridge-ais.ini'
    if (-not (Test-Path -LiteralPath $file -PathType Leaf)) {
        throw 'Die Datei gdtbridge-ais.ini fehlt im Ordner der Skripte.'
    }
    foreach ($line in [IO.File]::ReadAllLines($file, [Text.Encoding]::UTF8)) {
        if ($line -cmatch '^\s*([a-z]+)\s*=\s*(.*?)\s*$') { $settings[$Matches[1]] = $Matches[2] }
    }
    return $settings
}

function Read-Export([string]$File) {
    # Returns the bytes of the practice software's GDT file, or says that it is none.
    $problem = 'Die GDT-Datei der Praxissoftware fehlt oder ist keine.'
    if (-not $File -or -not (Test-Path -LiteralPath $File -PathType Leaf)) { throw $problem }
    if ((Get-Item -LiteralPath $File -Force).Length -gt 1048576) { throw $problem }
    $bytes = [IO.File]::ReadAllBytes((Get-Item -LiteralPath $File -Force).FullName)
    $start = [Text.Encoding]::ASCII.GetString($bytes, 0, [Math]::Min(7, $bytes.Length))
    if ($start -cnotmatch '^[0-9]{3}8000$') { throw $problem }
    return , $bytes
}

function Assert-Fresh([string]$File, [hashtable]$Settings) {
    # Refuses a file that may be the patient's before.
    $limit = ConvertTo-Number $Settings.hoechstalter
    $age = [DateTime]::UtcNow - (Get-Item -LiteralPath $File -Force).LastWriteTimeUtc
    if ($limit -gt 0 -and $age.TotalMinutes -gt $limit) {
        throw 'Die GDT-Datei ist alt und vielleicht von einem anderen Patienten.'
    }
}

function ConvertTo-Number([string]$Text) {
    # Returns a number written with a point, whatever the language of Windows.
    return [double]::Parse($Text, [Globalization.CultureInfo]::InvariantCulture)
}

function Get-FileName([string[]]$Parts, [hashtable]$Settings) {
    # Returns the file the practice software names; one with spaces may come in pieces.
    if ($Parts) { return $Parts -join ' ' }
    return $Settings.exportdatei
}

function Show-Problem([string]$Text) {
    # Shows a message above all windows until somebody closes it (48: warning, 4096: on top).
    [void](New-Object -ComObject WScript.Shell).Popup($Text, 0, 'gdtbridge', 48 + 4096)
}
