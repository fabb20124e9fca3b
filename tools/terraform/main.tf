# What a small Batch environment looks like in Terraform: applied twice, changed and destroyed by `drive_azurerm.py`.

variable "formula" {
  type = string
}

provider "azurerm" {
  # Everything else comes from the environment, as `drive_azurerm.py` sets it.
  features {
    storage {
      # Its data plane is reached by a host name for each account, which the embedded service does not have.
      data_plane_available = false
    }
  }
}

resource "azurerm_resource_group" "jobs" {
  name     = "terraform"
  location = "westeurope"
}

resource "azurerm_storage_account" "jobs" {
  name                     = "terraformstorage"
  resource_group_name      = azurerm_resource_group.jobs.name
  location                 = azurerm_resource_group.jobs.location
  account_tier             = "Standard"
  account_replication_type = "LRS"
}

resource "azurerm_batch_account" "jobs" {
  name                                = "terraformbatch"
  resource_group_name                 = azurerm_resource_group.jobs.name
  location                            = azurerm_resource_group.jobs.location
  pool_allocation_mode                = "BatchService"
  storage_account_id                  = azurerm_storage_account.jobs.id
  storage_account_authentication_mode = "StorageKeys"
}

resource "azurerm_batch_application" "tool" {
  name                = "tool"
  resource_group_name = azurerm_resource_group.jobs.name
  account_name        = azurerm_batch_account.jobs.name
}

resource "azurerm_batch_pool" "spot" {
  name                = "spot"
  resource_group_name = azurerm_resource_group.jobs.name
  account_name        = azurerm_batch_account.jobs.name
  vm_size             = "STANDARD_D2S_V3"
  node_agent_sku_id   = "batch.node.ubuntu 22.04"
  max_tasks_per_node  = 2

  auto_scale {
    evaluation_interval = "PT5M"
    formula             = var.formula
  }

  storage_image_reference {
    publisher = "canonical"
    offer     = "0001-com-ubuntu-server-jammy"
    sku       = "22_04-lts"
    version   = "latest"
  }
}
