# Install Precision Upscaler into every GIMP of this user, on Windows. All options are install.py's:
#   powershell -ExecutionPolicy Bypass -File install_scripts\install.ps1
#   powershell -ExecutionPolicy Bypass -File install_scripts\install.ps1 --check
#   powershell -ExecutionPolicy Bypass -File install_scripts\install.ps1 --uninstall
$ErrorActionPreference = 'Stop'
$script = Join-Path $PSScriptRoot 'install.py'

function Test-NewEnough([string[]] $Command) {
    try {
        $program = $Command[0]
        $rest = @($Command | Select-Object -Skip 1)
        & $program @rest -c 'import sys; sys.exit(sys.version_info < (3, 11))' *> $null
        return $LASTEXITCODE -eq 0
    } catch {
        return $false
    }
}

# the launcher, a Python on PATH, else the one inside GIMP 3
$candidates = @(, @('py', '-3')) + @(, @('python3')) + @(, @('python'))
foreach ($base in @("$env:LOCALAPPDATA\Programs", $env:ProgramFiles)) {
    if ($base) {
        Get-ChildItem -Path "$base\GIMP*\bin\python.exe" -ErrorAction SilentlyContinue |
            ForEach-Object { $candidates += , @($_.FullName) }
    }
}
foreach ($candidate in $candidates) {
    if (Test-NewEnough $candidate) {
        $program = $candidate[0]
        $rest = @($candidate | Select-Object -Skip 1)
        & $program @rest $script @args
        exit $LASTEXITCODE
    }
}
[Console]::Error.WriteLine('FAILED: Python 3.11 or newer was not found.')
[Console]::Error.WriteLine('What to do: install GIMP 3 or Python (https://www.python.org/downloads/), or unpack the')
[Console]::Error.WriteLine('zip for your GIMP into its plug-ins folder by hand, as the README shows.')
exit 1
