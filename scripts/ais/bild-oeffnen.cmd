@echo off
rem Starts bild-oeffnen.ps1; the practice software names the GDT file behind it, or the settings do.
setlocal EnableExtensions DisableDelayedExpansion
"%SystemRoot%\System32\WindowsPowerShell\v1.0\powershell.exe" -NoLogo -NoProfile -ExecutionPolicy Bypass -WindowStyle Hidden -File "%~dp0bild-oeffnen.ps1" %*
exit /b %ERRORLEVEL%
