# Hands the GDT file of an order to gdtbridge. Exit status 0: handed over; 1: not, a window says why.
param([Parameter(ValueFromRemainingArguments = $true)][string[]]$Datei)

. (Join-Path $PSScriptRoot 'gdtbridge-ais.ps1')

function Copy-Order([byte[]]$Bytes, [string]$Folder) {
    # Writes under a name gdtbridge leaves alone, then renames: it never sees half a file.
    if (-not $Folder -or -not (Test-Path -LiteralPath $Folder -PathType Container)) {
        throw 'Der Auftragsordner ist nicht erreichbar (auftragsordner in gdtbridge-ais.ini).'
    }
    $name = 'auftrag-' + [Guid]::NewGuid().ToString('N')
    $hidden = Join-Path $Folder ('.' + $name + '.tmp')
    try {
        [IO.File]::WriteAllBytes($hidden, $Bytes)
        [IO.File]::Move($hidden, (Join-Path $Folder ($name + '.gdt')))
    } catch {
        throw 'In den Auftragsordner kann nicht geschrieben werden.'
    } finally {
        if ([IO.File]::Exists($hidden)) { [IO.File]::Delete($hidden) }
    }
}

try {
    $settings = Read-Settings $PSScriptRoot
    $file = Get-FileName $Datei $settings
    $bytes = Read-Export $file
    Copy-Order $bytes $settings.auftragsordner
    # The receiver deletes. Should that fail, the same order once more is one order for gdtbridge.
    Remove-Item -LiteralPath $file -Force -ErrorAction SilentlyContinue
    exit 0
} catch {
    Show-Problem ('Der Auftrag wurde NICHT übergeben. ' + $_.Exception.Message)
    exit 1
}
