# The few commands a person types. Each one first brings the checkout up to date (packages, contracts, compiled code).
SHELL := /bin/bash
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
export NX_DAEMON := false
VOUCHSAFE := node services/cli/bin/vouchsafe.js

.PHONY: help setup demo up doctor test test-all bench lint crash chaos clean helm-check rules-check compose-up
help: ## 显示本页 / this page
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'
setup: ## 安装依赖并编译 / install packages and compile
	@node scripts/ensure.mjs
demo: setup ## 一分钟演示完整流程 / the whole platform in a minute, on an empty temporary directory
	@$(VOUCHSAFE) demo
up: setup ## 在前台运行平台（Ctrl-C 结束） / keep the platform running in the foreground (Ctrl-C drains)
	@$(VOUCHSAFE) up --sandbox --furnish
doctor: setup ## 检查 Node、磁盘、端口、时钟 / check Node, disk, ports, clock
	@$(VOUCHSAFE) doctor
test: setup ## 全部检查（约 10 分钟以内） / everything that is checked, at most 10 minutes
	@node scripts/test.mjs
test-all: setup ## 长版检查 / the long forms as well
	@VOUCHSAFE_LONG=1 node scripts/test.mjs
bench: setup ## 性能测量 / measure speed, ratios to references of the same run
	@npm run --silent bench
lint: setup ## 静态检查 / lint and boundaries
	@node scripts/test.mjs --only=types,lint,boundaries,proto
crash: setup ## 反复 SIGKILL 并审计 / kill the server at random points and audit
	@npm run --silent crash -- --kills 50 --seed 1
helm-check: setup ## 校验部署文件（Helm、镜像、compose） / check what deploys it: chart, Dockerfile, compose
	@deploy/check/tools.sh && node deploy/check/helm.mjs
rules-check: setup ## 校验告警、手册与仪表盘 / check alerts, runbooks, dashboards
	@deploy/check/tools.sh && node deploy/check/rules.mjs
compose-up: ## 以容器运行（需 Docker；FORM=distributed 为分布式） / in containers (needs Docker; FORM=distributed)
	@PROMETHEUS_CONFIG=$(if $(FORM),prometheus-distributed.yml,prometheus.yml) docker compose -f $(if $(FORM),deploy/compose/distributed.yml,docker-compose.yml) --profile observability up --build --wait
chaos: setup ## 在真实的分布式形态上制造故障并审计 / harm the distributed form on real servers and audit
	@npm run --silent chaos -- --scenario all --seed 1
clean: ## 删除编译结果 / remove what was built
	@rm -rf libs/*/dist services/*/dist libs/proto/gen .cache node_modules/.vouchsafe
