# The commands of this project; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run watch reset test lint bench game-day fuzz fuzz-parsers fuzz-programs deploy-infrastructure deploy

# Where `make deploy` deploys to: an environment of samconfig.toml. There is no default.
ENV ?=

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-22s %s\n", $$1, $$2 }' Makefile

run: ## the whole backend on this machine, until Ctrl-C; its data stays (settings: .env.example)
	@dev/up

watch: ## in a second shell: puts every function that is saved into the stack of `make run`
	@dev/ctl watch

reset: ## empties the database of `make run`, which stays otherwise
	@dev/ctl reset

test: ## every check and every test, the end-to-end journey included
	@dev/test

lint: ## the checks that need no server
	@dev/test --lint

bench: ## what starts, requests and replies take and cost, and whether times tell who has an account
	@dev/bench/run

game-day: ## faults on a stack of its own, and the alarms that each one rings and ends
	@OTP_DELIVERY=sns OTP_DAILY_CAP=720 dev/up --name game-day dev/game-day

fuzz: ## the API by Schemathesis, some 20 minutes; SEED=… to repeat
	@PRO_DAILY_LIMIT=1000000 UNFINISHED_REPLIES=1000000 ROOMS_PER_USER=1000000 dev/up --name fuzz dev/fuzz-api

fuzz-parsers: ## the parsers of what strangers send, a minute each (SECONDS=60)
	@dev/fuzz/run $(SECONDS)

fuzz-programs: ## whole events through the programs that are deployed, a minute each (SECONDS=60, SEED=…)
	@dev/build stack
	@FUZZ_PROGRAMS=$(CURDIR)/target/lambda FUZZ_SECONDS=$(or $(SECONDS),60) FUZZ_SEED=$(SEED) dev/services \
		cargo test --workspace --exclude e2e --test api -- --nocapture the_program_answers_every_event

deploy-infrastructure: ## network, stores and passwords for make deploy, in an account that has none: ENV=dev|staging|prod
	@dev/deploy-infrastructure "$(ENV)"

deploy: ## build and deploy to AWS: make deploy ENV=dev|staging|prod
	@dev/deploy "$(ENV)"
