@echo off
rem Starts gdtbridge and Orthanc in Docker Desktop. The first time it makes .env with passwords of its
rem own, gdtbridge.toml and the folders gdt\out and gdt\in; docs\praxis\container.md tells of them.
setlocal EnableExtensions DisableDelayedExpansion
cd /d "%~dp0..\.."

set tries=0
:wait
docker info >nul 2>nul
if not errorlevel 1 goto running
if "%tries%"=="0" if exist "%ProgramFiles%\Docker\Docker\Docker Desktop.exe" start "" "%ProgramFiles%\Docker\Docker\Docker Desktop.exe"
if not exist "%ProgramFiles%\Docker\Docker\Docker Desktop.exe" goto missing
set /a tries+=1
if %tries% gtr 24 goto missing
echo Docker Desktop startet ... / is starting ...
ping -n 6 127.0.0.1 >nul
goto wait

:running
if not exist "gdt\out" mkdir "gdt\out"
if not exist "gdt\in" mkdir "gdt\in"
if not exist "gdtbridge.toml" call :settings
if exist ".env" goto start

echo Das Image wird gebaut, das dauert einige Minuten ... / Building the image, some minutes ...
docker build --tag gdtbridge:0.1.0 .
if errorlevel 1 goto failed
set token=
set password=
for /f "delims=" %%p in ('docker run --rm --entrypoint python gdtbridge:0.1.0 -c "import secrets; print(secrets.token_hex(16))"') do set token=%%p
for /f "delims=" %%p in ('docker run --rm --entrypoint python gdtbridge:0.1.0 -c "import secrets; print(secrets.token_hex(16))"') do set password=%%p
if "%token%"=="" goto failed
if "%password%"=="" goto failed
> ".env.new" echo # Kennwoerter und Ordner / passwords and folders: docs\praxis\container.md
>>".env.new" echo GDTBRIDGE_HTTP__TOKEN=%token%
>>".env.new" echo ORTHANC_PASSWORD=%password%
>>".env.new" echo # Docker Desktop zeigt alle Geraete unter einer Adresse dieses Netzes. / All devices seem to be in this network.
>>".env.new" echo GDTBRIDGE_DICOM__ALLOWED_NETWORKS=172.31.250.0/24
>>".env.new" echo GDT_OUT=./gdt/out
>>".env.new" echo GDT_IN=./gdt/in
move /y ".env.new" ".env" >nul
if errorlevel 1 goto failed
echo.
echo Angelegt sind .env und gdtbridge.toml in %CD%
echo Bitte beide ansehen, dann dieses Skript noch einmal starten.
echo Made .env and gdtbridge.toml; please look at both, then start this again.
goto end

:start
docker compose up --detach --build
if errorlevel 1 goto failed
docker compose ps
echo.
echo gdtbridge laeuft / is running. Geraete / devices: Port 11112. Bilder / viewer: http://%COMPUTERNAME%:8042
goto end

:settings
> "gdtbridge.toml" echo # Einstellungen / settings: docs\reference\settings.md
>>"gdtbridge.toml" echo [http]
>>"gdtbridge.toml" echo public_url = "http://%COMPUTERNAME%:8080"
>>"gdtbridge.toml" echo.
>>"gdtbridge.toml" echo [gdt]
>>"gdtbridge.toml" echo dialect = "gdt21"
>>"gdtbridge.toml" echo.
>>"gdtbridge.toml" echo [viewer]
>>"gdtbridge.toml" echo kind = "stone-orthanc"
>>"gdtbridge.toml" echo base = "http://%COMPUTERNAME%:8042"
>>"gdtbridge.toml" echo.
>>"gdtbridge.toml" echo [[peer]]
>>"gdtbridge.toml" echo aet = "ORTHANC"
>>"gdtbridge.toml" echo host = "orthanc"
>>"gdtbridge.toml" echo port = 4242
>>"gdtbridge.toml" echo.
>>"gdtbridge.toml" echo [[forward]]
>>"gdtbridge.toml" echo to = "ORTHANC"
exit /b 0

:missing
echo Docker Desktop ist nicht da oder antwortet nicht. / Docker Desktop is missing or does not answer.
:failed
echo Nicht gestartet; die Zeilen darueber sagen, warum. / Not started; the lines above say why.
pause
exit /b 1

:end
pause
exit /b 0
