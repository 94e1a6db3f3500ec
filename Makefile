# The commands of this project; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run test lint bench fuzz fuzz-parsers deploy

# Where `make deploy` deploys to: an environment of samconfig.toml.
ENV ?= default

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

run: ## the whole backend on this machine, until Ctrl-C (settings: .env.example)
	@dev/up

test: ## every check and every test, the end-to-end journey included
	@dev/test

lint: ## the checks that need no server
	@dev/test --lint

bench: ## what starts, requests and replies take and cost, and whether times tell who has an account
	@dev/bench/run

fuzz: ## the API by Schemathesis, some 20 minutes; SEED=… to repeat
	@PRO_DAILY_LIMIT=1000000 UNFINISHED_REPLIES=1000000 ROOMS_PER_USER=1000000 dev/up --name fuzz dev/fuzz-api

fuzz-parsers: ## the parsers of what strangers send, a minute each (SECONDS=60)
	@dev/fuzz/run $(SECONDS)

deploy: ## build and deploy to AWS: make deploy ENV=default|staging|prod
	@dev/build release
	.dev/sam/bin/sam deploy --config-env $(ENV)
