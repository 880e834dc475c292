@echo off
rem Opens a viewer (GDTAIS_ADRESSE) or shows a message (GDTAIS_MELDUNG) for the PHP scripts.
rem Both come as variables: text on a command line could become a command.
setlocal EnableExtensions DisableDelayedExpansion
if defined GDTAIS_ADRESSE start "" "%GDTAIS_ADRESSE%"
if defined GDTAIS_MELDUNG "%SystemRoot%\System32\WindowsPowerShell\v1.0\powershell.exe" -NoLogo -NoProfile -WindowStyle Hidden -Command "[void](New-Object -ComObject WScript.Shell).Popup($env:GDTAIS_MELDUNG, 0, 'gdtbridge', 48 + 4096)"
