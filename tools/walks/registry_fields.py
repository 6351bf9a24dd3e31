"""What each document of the run registry has, as the seed says."""

from __future__ import annotations

METADATA = {"run_id", "created_at", "mode", "status", "command", "config_path", "config_hash", "request_id"}
CONFIG = {
    *("cooldown_days", "end", "fee", "initial_cash", "interval", "k_atr", "paper"),
    *("rsi_buy_max", "rsi_sell_min", "slippage_bps", "slippage_mode", "start", "ticker"),
}
METRICS = {"status", "summary", "best_result", "leaderboard_size"}
REPORT = {
    *("schema_version", "artifact_type", "status", "header"),
    *("config_resolved", "results", "artifacts", "summary"),
}
MACHINE = {
    *("schema_version", "contract_type", "command", "status", "request_id"),
    *("run_id", "mode", "summary", "artifacts"),
}
STATUS = {"session_id", "status", "started_at", "updated_at", "terminal", "status_reason"}
HEALTH = [
    *("interpreter", "main_path", "project_root", "python_version", "quantlab_import"),
    *("src_root", "status", "venv_active", "version"),
]
COLUMNS = [
    *("run_id", "mode", "created_at", "git_commit", "ticker", "start", "end"),
    *("sharpe_simple", "total_return", "max_drawdown", "trades", "path"),
]
