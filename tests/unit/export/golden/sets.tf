# Permission sets planned by migrator.
data "aws_ssoadmin_instances" "this" {}

locals {
  sso_instance_arn = tolist(data.aws_ssoadmin_instances.this.arns)[0]
}

resource "aws_ssoadmin_permission_set" "Data_Team" {
  instance_arn     = local.sso_instance_arn
  name             = "Data+Team"
  session_duration = "PT8H"
  description      = "Planned by migrator"
  tags = {
    "ManagedBy" : "migrator",
    "Owner" : "data"
  }
}

resource "aws_ssoadmin_permission_set_inline_policy" "Data_Team" {
  instance_arn       = local.sso_instance_arn
  permission_set_arn = aws_ssoadmin_permission_set.Data_Team.arn
  inline_policy = jsonencode({
    "Version" : "2012-10-17",
    "Statement" : [
      {
        "Effect" : "Allow",
        "Action" : "s3:*",
        "Resource" : "arn:aws:s3:::home/$${aws:PrincipalTag/team}/*"
      },
      {
        "Effect" : "Deny",
        "Action" : "*",
        "Resource" : "*",
        "Condition" : {
          "StringLike" : {
            "aws:UserAgent" : "a\"\\b\u0008%%{é"
          }
        }
      }
    ]
  })
}

resource "aws_ssoadmin_managed_policy_attachment" "Data_Team-1" {
  instance_arn       = local.sso_instance_arn
  permission_set_arn = aws_ssoadmin_permission_set.Data_Team.arn
  managed_policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}

resource "aws_ssoadmin_customer_managed_policy_attachment" "Data_Team-1" {
  instance_arn       = local.sso_instance_arn
  permission_set_arn = aws_ssoadmin_permission_set.Data_Team.arn
  customer_managed_policy_reference {
    name = "lake"
    path = "/team/"
  }
}

resource "aws_ssoadmin_customer_managed_policy_attachment" "Data_Team-2" {
  instance_arn       = local.sso_instance_arn
  permission_set_arn = aws_ssoadmin_permission_set.Data_Team.arn
  customer_managed_policy_reference {
    name = "plain"
    path = "/"
  }
}

resource "aws_ssoadmin_permissions_boundary_attachment" "Data_Team" {
  instance_arn       = local.sso_instance_arn
  permission_set_arn = aws_ssoadmin_permission_set.Data_Team.arn
  permissions_boundary {
    customer_managed_policy_reference {
      name = "data"
      path = "/bounds/"
    }
  }
}

resource "aws_ssoadmin_permission_set" "Data_Team2" {
  instance_arn     = local.sso_instance_arn
  name             = "Data=Team"
  session_duration = "PT8H"
}

resource "aws_ssoadmin_managed_policy_attachment" "Data_Team2-1" {
  instance_arn       = local.sso_instance_arn
  permission_set_arn = aws_ssoadmin_permission_set.Data_Team2.arn
  managed_policy_arn = "arn:aws:iam::aws:policy/job-function/Billing"
}

resource "aws_ssoadmin_permission_set" "_3-tier" {
  instance_arn     = local.sso_instance_arn
  name             = "3-tier"
  session_duration = "PT1H30M"
}

resource "aws_ssoadmin_permissions_boundary_attachment" "_3-tier" {
  instance_arn       = local.sso_instance_arn
  permission_set_arn = aws_ssoadmin_permission_set._3-tier.arn
  permissions_boundary {
    managed_policy_arn = "arn:aws:iam::aws:policy/PowerUserAccess"
  }
}
