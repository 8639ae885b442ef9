# Install Precision Upscaler into every GIMP of this user, on Windows. This finds a Python; install.py does the rest:
#   powershell -ExecutionPolicy Bypass -File install_scripts\install.ps1
#   powershell -ExecutionPolicy Bypass -File install_scripts\install.ps1 --check
#   powershell -ExecutionPolicy Bypass -File install_scripts\install.ps1 --uninstall

# the launcher, a Python on PATH, else the one inside GIMP 3
$inside = Get-Item "$env:LOCALAPPDATA\Programs\GIMP*\bin\python.exe", "$env:ProgramFiles\GIMP*\bin\python.exe" -ErrorAction SilentlyContinue
foreach ($python in @('py', 'python3', 'python') + @($inside.FullName)) {
    if (-not $python) { continue }
    try { & $python -c 'import sys; sys.exit(sys.version_info < (3, 11))' *> $null } catch { continue }
    if ($LASTEXITCODE -eq 0) {
        & $python "$PSScriptRoot\install.py" @args
        exit $LASTEXITCODE
    }
}
[Console]::Error.WriteLine('FAILED: Python 3.11 or newer was not found.')
[Console]::Error.WriteLine('What to do: install GIMP 3 or Python (https://www.python.org/downloads/), or unpack the')
[Console]::Error.WriteLine('zip for your GIMP into its plug-ins folder by hand, as the README shows.')
exit 1
